import { assert, assertEquals } from "@std/assert";
import { connect, FetchTransport, type KvorumClient, Lock, Session } from "../../src/client/mod.ts";

const MANY = 100;
/** A busy machine is no reason to fail. */
const deadlineMs = 60_000;

/** A client's day: keys, a watch, a lock. */
async function useAll(client: KvorumClient, prefix: string): Promise<void> {
  const { revision } = await client.put(`${prefix}a`, "1");
  await Promise.all(Array.from({ length: MANY }, (_, i) => client.put(`${prefix}many/${i}`, "x")));
  assertEquals((await client.range({ prefix: `${prefix}many/` }, { countOnly: true })).count, MANY);
  let seen = 0;
  const changes = client.watch({ prefix }, { startRevision: revision });
  for await (const { events } of changes) {
    seen += events.length;
    if (seen === MANY + 1) break;
  }
  await using session = await Session.open(client);
  await using lock = await Lock.acquire(session, `${prefix}lock`);
  assert(lock.token > revision);
}

/** Tests against a real cluster, over a WebSocket and over fetch, by this runtime's own means. */
export function testSockets(url: string): { name: string; fn: () => Promise<void> }[] {
  const prefix = `${crypto.randomUUID()}/`;
  return [
    {
      name: "connect() over this runtime's WebSocket",
      async fn() {
        await using client = connect(url, { deadlineMs });
        await useAll(client, `${prefix}socket/`);
      },
    },
    {
      name: "connect() over this runtime's fetch",
      async fn() {
        await using client = connect(url, { deadlineMs, transport: new FetchTransport([url]) });
        await useAll(client, `${prefix}fetch/`);
      },
    },
  ];
}
