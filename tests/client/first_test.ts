import { assertEquals } from "@std/assert";
import { connect } from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { ServedReplica } from "./served_replica.ts";

Deno.test("connect() puts, gets and watches over a WebSocket", async () => {
  await using served = new ServedReplica(new LocalReplica());
  await using client = connect(served.url);
  await using watch = client.watch({ prefix: "a" });
  assertEquals(await watch.opened(), 2);
  assertEquals((await client.put("a", "1")).revision, 2);
  assertEquals((await client.put("a2", "x".repeat(30_000))).revision, 3);
  assertEquals((await client.get("a"))?.text(), "1");
  const seen: string[] = [];
  for await (const { revision, events } of watch) {
    seen.push(...events.map(({ kv }) => `${revision} ${kv.name} ${kv.value.length}`));
    if (seen.length === 2) break;
  }
  assertEquals(seen, ["2 a 1", "3 a2 30000"]);
});

Deno.test("connect() puts and gets inside one program", async () => {
  const { MultiplexServer } = await import("../../src/api/websocket/multiplex_server.ts");
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using client = connect(() => server.connect());
  await client.put("a", "1");
  assertEquals((await client.get("a"))?.text(), "1");
});
