import { assertEquals, assertRejects } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { connect, watchState } from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";

Deno.test("watchState() gives what is there, then what changes", async () => {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using client = connect(() => server.connect());
  for (let i = 0; i < 3; i++) await client.put(`k${i}`, `${i}`);
  const controller = new AbortController();
  const updates = watchState(client, { prefix: "k" }, { signal: controller.signal });
  const first = (await updates.next()).value;
  assertEquals(first?.type === "snapshot" && [first.revision, first.kvs.length], [4, 3]);
  await client.delete("k1");
  const second = (await updates.next()).value;
  assertEquals(second?.type === "change" && [second.revision, second.events[0].type], [
    5,
    "delete",
  ]);
  const third = updates.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => third, Error, "enough");
});

Deno.test("watchState() begins anew where history was compacted while it was cut off", async () => {
  const replica = new LocalReplica();
  using first = new MultiplexServer({ replica });
  using second = new MultiplexServer({ replica });
  let server = first;
  await using client = connect(() => server.connect());
  await using writer = connect(() => second.connect());
  await client.put("k", "1");
  const updates = watchState(client, "k");
  await updates.next();
  const next = updates.next();
  first.close();
  for (let i = 2; i < 6; i++) await writer.put("k", `${i}`);
  await writer.compact(6);
  server = second;
  const { value } = await next;
  assertEquals(value?.type === "snapshot" && [value.revision, value.kvs[0].text()], [6, "5"]);
  await writer.put("k", "6");
  const change = (await updates.next()).value;
  assertEquals(change?.type === "change" && change.events[0].kv.text(), "6");
  await updates.return();
});
