import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import {
  connect,
  type ConnectOptions,
  FetchTransport,
  type KvorumClient,
  KvorumError,
  OutcomeUnknownError,
} from "../../src/client/mod.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { ManualClock } from "../transport/manual_clock.ts";
import { ServedReplica } from "./served_replica.ts";
import { TcpProxy } from "./tcp_proxy.ts";

/** Time that a test moves, in turns that come by themselves. */
class TestClock extends ManualClock {
  override defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}

/** Lets all that is under way inside this program happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Two servers of one cluster, each behind a proxy: the same state answers at both. */
class Pair implements AsyncDisposable {
  readonly replica = new LocalReplica();
  readonly servers = [new ServedReplica(this.replica), new ServedReplica(this.replica)];
  readonly proxies = this.servers.map(({ port }) => new TcpProxy(port));
  readonly #clients: KvorumClient[] = [];

  connect(options: ConnectOptions = {}): KvorumClient {
    const client = connect(this.urls, { silenceTimeoutMs: 100, ...options });
    this.#clients.push(client);
    return client;
  }

  get urls(): string[] {
    return this.proxies.map(({ url }) => url);
  }

  /** The proxy that the only client is connected through, once it is. */
  async inUse(client: KvorumClient): Promise<TcpProxy> {
    await client.get("anything");
    return this.proxies[0].accepted > 0 ? this.proxies[0] : this.proxies[1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const proxy of this.proxies) await proxy[Symbol.asyncDispose]();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

Deno.test("connect() applies a write once whose answer was lost, through another server", async () => {
  await using pair = new Pair();
  const client = pair.connect();
  const proxy = await pair.inUse(client);
  proxy.passesAnswers = false;
  const puts = Array.from({ length: 50 }, (_, i) => client.put(`k${i}`, `${i}`));
  while (pair.replica.proposed < 50) await new Promise((resolve) => setTimeout(resolve, 1));
  proxy.cut();
  const revisions = (await Promise.all(puts)).map(({ revision }) => revision);
  assertEquals(revisions, Array.from({ length: 50 }, (_, i) => i + 2));
  const { kvs } = await client.range({ prefix: "k" });
  assertEquals(kvs.length, 50);
  assert(kvs.every(({ version }) => version === 1));
  assert(pair.replica.proposed >= 100, "the writes were sent twice");
});

Deno.test("connect() survives a connection that is cut in the middle of a frame", async () => {
  await using pair = new Pair();
  const client = pair.connect();
  const proxy = await pair.inUse(client);
  for (const cutAfterBytes of [1, 700, 5_000, 100_000]) {
    proxy.cutAfterBytes = cutAfterBytes;
    const puts = Array.from({ length: 300 }, (_, i) => client.put(`k${i}`, new Uint8Array(500)));
    const versions = new Set<number>();
    await Promise.all(puts);
    for (const { version } of (await client.range({ prefix: "k" })).kvs) versions.add(version);
    assertEquals(versions.size, 1, "each key was put once more");
  }
});

Deno.test("connect() leaves a server that accepts and never answers", async () => {
  await using pair = new Pair();
  for (const proxy of pair.proxies) proxy.passesAnswers = false;
  const client = pair.connect({ connectTimeoutMs: 50 });
  const put = client.put("a", "1");
  await pair.proxies[0].untilAccepted(1);
  await pair.proxies[1].untilAccepted(1);
  pair.proxies[1].passesAnswers = true;
  assertEquals((await put).revision, 2);
});

Deno.test("connect() leaves a server that falls silent", async () => {
  await using pair = new Pair();
  const client = pair.connect();
  const proxy = await pair.inUse(client);
  proxy.passesAnswers = false;
  proxy.passesRequests = false;
  assertEquals((await client.put("a", "1")).revision, 2);
});

Deno.test("connect() keeps a connection that is quiet because it waits", async () => {
  await using pair = new Pair();
  const client = pair.connect({ silenceTimeoutMs: 50 });
  const proxy = await pair.inUse(client);
  let answer = () => {};
  const linearize = pair.replica.linearize;
  pair.replica.linearize = () => new Promise<void>((resolve) => answer = resolve);
  const get = client.get("a");
  // Several times as long as silence is suffered: pings are answered meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 300));
  pair.replica.linearize = linearize;
  answer();
  assertEquals(await get, null);
  assertEquals(pair.proxies.map(({ accepted }) => accepted).sort(), [0, 1]);
  assert(proxy.accepted === 1);
});

Deno.test("connect() moves on when a server cannot reach its cluster", async () => {
  const healthy = new LocalReplica();
  const alone = new LocalReplica();
  await using first = new ServedReplica(healthy);
  await using second = new ServedReplica(alone);
  alone.state.refusal = new ReplicaError("no leader", "");
  for (let round = 0; round < 4; round++) {
    await using client = connect([first.url, second.url]);
    await client.put(`k${round}`, "1");
  }
  assertEquals(healthy.machine.store.revision, 5);
});

Deno.test("connect() finds the leader where it is preferred, and does without one", async () => {
  const replicas = [new LocalReplica(), new LocalReplica(), new LocalReplica()];
  await using stack = new AsyncDisposableStack();
  const urls = replicas.map((replica) => stack.use(new ServedReplica(replica)).url);
  for (const [leading, replica] of replicas.entries()) {
    for (const each of replicas) each.state.leader = each === replica ? 0xabcn : 5n;
    await using client = connect(urls, { prefer: "leader" });
    await client.put(`k${leading}`, "1");
    assertEquals(replica.machine.store.revision, 2, "only the leader was asked");
  }
  for (const each of replicas) each.state.leader = 5n;
  await using client = connect(urls, { prefer: "leader" });
  await client.put("k", "1");
});

Deno.test("connect() follows the leader where it is preferred, and stays when it is out of reach", async () => {
  const replicas = [new LocalReplica(), new LocalReplica(), new LocalReplica()];
  const ids = [0xa1n, 0xa2n, 0xa3n];
  for (const [i, replica] of replicas.entries()) {
    const { status } = replica;
    replica.status = () => ({ ...status.apply(replica), memberId: ids[i] });
  }
  const lead = (leader: bigint) => replicas.forEach(({ state }) => state.leader = leader);
  lead(ids[0]);
  await using stack = new AsyncDisposableStack();
  const servers = replicas.map((replica) => {
    const server = new MultiplexServer({ replica });
    stack.defer(() => server.close());
    return server;
  });
  const clock = new TestClock();
  let dialled = 0;
  const endpoints = servers.map((server) => () => (dialled++, server.connect()));
  await using client = connect(endpoints, { prefer: "leader", clock });
  /** Puts, and lets time pass until that is done. */
  const put = async () => {
    let isDone = false;
    const done = client.put("k", "1").finally(() => isDone = true);
    while (!isDone) {
      clock.advance(100);
      await turn();
    }
    await done;
  };
  const putAt = async (replica: LocalReplica) => {
    for (const before = replica.proposed; replica.proposed === before;) await put();
  };
  await putAt(replicas[0]);
  for (const [i, replica] of [...replicas.entries()].reverse()) {
    lead(ids[i]);
    await putAt(replica);
  }
  lead(0xffn);
  const before = dialled;
  for (let i = 0; i < 50; i++) await put();
  assert(dialled - before <= 3, `${dialled - before} attempts to find a leader elsewhere`);
});

Deno.test("connect() says what is wrong when no server answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using client = connect([`http://127.0.0.1:${port}`, `127.0.0.1:${port}`]);
  const error = await assertRejects(() => client.put("a", "1", { deadlineMs: 150 }), KvorumError);
  assertEquals([error.code, error.name], ["DEADLINE_EXCEEDED", "KvorumError"]);
  assertStringIncludes(error.message, "no answer by the deadline: ");
});

Deno.test("connect() reports a write as unknown when its fate stays open", async () => {
  await using pair = new Pair();
  const client = pair.connect();
  await pair.inUse(client);
  for (const proxy of pair.proxies) proxy.passesAnswers = false;
  const put = assertRejects(() => client.put("a", "1", { deadlineMs: 150 }), OutcomeUnknownError);
  const get = assertRejects(() => client.get("a", { deadlineMs: 150 }), KvorumError);
  assertEquals((await put).code, "DEADLINE_EXCEEDED");
  assertEquals((await get).name, "KvorumError");
  for (const proxy of pair.proxies) proxy.passesAnswers = true;
  assertEquals((await client.get("a"))?.version, 1);
});

Deno.test("connect() refuses an endpoint of another cluster", async () => {
  const other = new LocalReplica();
  const status = other.status();
  other.status = () => ({ ...status, clusterId: 0x999n });
  await using pair = new Pair();
  await using stranger = new ServedReplica(other);
  await using client = connect([pair.urls[0], stranger.url]);
  let met = 0;
  for (let round = 0; round < 6; round++) {
    await client.put(`k${round}`, "1");
    pair.proxies[0].cut();
    met = pair.replica.machine.store.revision;
  }
  // Whichever cluster was met first took all of it.
  assert([1, 7].includes(met));
  assertEquals(met + other.machine.store.revision, 8);
});

Deno.test("Watch goes on without a gap or a double through other servers", async () => {
  await using pair = new Pair();
  const client = pair.connect();
  const writer = connect(pair.servers[0].url);
  await using watch = client.watch({ prefix: "k" });
  assertEquals(await watch.opened(), 2);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { revision, events } of watch) {
      seen.push(...events.map(({ kv }) => `${revision}:${kv.name}`));
      if (seen.length === 400) break;
    }
  })();
  for (let i = 0; i < 400; i++) {
    await writer.put(`k${i}`, "x".repeat(200));
    if (i % 40 === 39) { for (const proxy of pair.proxies) proxy.cut(); }
  }
  await watching;
  assertEquals(seen, Array.from({ length: 400 }, (_, i) => `${i + 2}:k${i}`));
  assert(pair.proxies[0].accepted + pair.proxies[1].accepted > 5);
  await writer.close();
});

Deno.test("FetchTransport tries the next server, and applies a write once", async () => {
  await using pair = new Pair();
  const transport = new FetchTransport(pair.urls, { attemptTimeoutMs: 100 });
  await using client = connect(pair.urls, { transport });
  pair.proxies[0].passesAnswers = false;
  assertEquals((await client.put("a", "1")).revision, 2);
  assertEquals((await client.get("a"))?.version, 1);
  // Twice at least: a server that is slow is left, too.
  assert(pair.replica.proposed >= 2);
});
