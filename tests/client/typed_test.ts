import { assert, assertEquals, assertRejects } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { bytesCodec, connect, type KvorumClient, op, typed } from "../../src/client/mod.ts";
import { LocalReplica } from "../api/local_replica.ts";

interface Point {
  readonly x: number;
  readonly label?: string;
}

async function withClient(run: (client: KvorumClient) => Promise<void>): Promise<void> {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using client = connect(() => server.connect());
  await run(client);
}

Deno.test("typed() keeps objects as JSON, and knows what it read", () =>
  withClient(async (client) => {
    const points = typed<Point>(client);
    assertEquals(await points.put("p/1", { x: 1, label: "eins" }), 2);
    await client.put("p/2", `{"x":2}`);
    const one = await points.get("p/1");
    assertEquals([one?.value, one?.name, one?.modRevision], [{ x: 1, label: "eins" }, "p/1", 2]);
    assertEquals(await points.get("nothing"), null);
    const xs = (await points.range({ prefix: "p/" })).map(({ value }) => value.x);
    assertEquals(xs, [1, 2]);
    const paged: number[] = [];
    for await (const { value } of points.entries({ prefix: "p/" }, { pageSize: 1 })) {
      paged.push(value.x);
    }
    assertEquals(paged, [1, 2]);
    assertEquals((await client.get("p/1"))?.text(), `{"x":1,"label":"eins"}`);
  }));

Deno.test("typed() gives changes their type, and a transaction its codec", () =>
  withClient(async (client) => {
    const points = typed<Point>(client);
    const changes = points.watch({ prefix: "p/" }, { startRevision: 2 });
    await client.txn().do(op.put("p/1", points.codec.encode({ x: 7 }))).commit();
    await client.delete("p/1");
    const first = (await changes.next()).value;
    const second = (await changes.next()).value;
    assert(first && second);
    assertEquals([first.revision, first.events[0].kv?.value], [2, { x: 7 }]);
    assertEquals(second.events, [{ type: "delete", name: "p/1", kv: null }]);
    await changes.return();
  }));

Deno.test("typed() leaves bytes untouched, and says when a value is not of the type", () =>
  withClient(async (client) => {
    const raw = typed(client, bytesCodec);
    await raw.put("b", Uint8Array.of(0, 255));
    assertEquals((await raw.get("b"))?.value, Uint8Array.of(0, 255));
    await assertRejects(() => typed(client).get("b"), SyntaxError);
    await assertRejects(() => typed<unknown>(client).put("b", undefined), TypeError);
  }));
