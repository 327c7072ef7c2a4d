import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "../../src/client/mod.ts";
import { EmbeddedReplica } from "../../src/embedded/mod.ts";
import { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { PEER_PATH } from "../../src/transport/websocket.ts";

const timing = { heartbeatIntervalMs: 20, electionTimeoutMs: 200 };

Deno.test("EmbeddedReplica keeps its data and its identity in its storage", async () => {
  const disk = new MemoryDisk();
  const lives: bigint[] = [];
  for (const expected of [undefined, "1"]) {
    await using replica = await EmbeddedReplica.open({ storage: memoryLogStore(disk), timing });
    await using client = replica.connect();
    assertEquals((await client.get("a"))?.text(), expected);
    await client.put("a", "1");
    assertEquals(replica.status.role, "leader");
    lives.push(replica.status.memberId);
  }
  assertEquals(lives[0], lives[1]);
});

Deno.test("EmbeddedReplica serves the requests and the sockets that it is handed", async () => {
  const storage = memoryLogStore();
  await using replica = await EmbeddedReplica.open({ storage, timing });
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname !== "/kvorum/v1") return replica.fetch(request);
    const { socket, response } = Deno.upgradeWebSocket(request);
    replica.accept(socket);
    return response;
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const client = connect(url);
  await client.put("a", "1");
  const response = await fetch(`${url}/v3/kv/range`, { method: "POST", body: '{"key":"YQ=="}' });
  assertEquals((await response.json()).kvs[0].value, "MQ==");
  // Its end is the end of what it serves, and the server is free to go.
  await replica.close();
  assertEquals(await replica.closed, undefined);
  await client.close();
});

Deno.test("EmbeddedReplica finds its peers over WebSockets that programs hand over", async () => {
  const replicas: EmbeddedReplica[] = [];
  const servers = [0, 1].map((index) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      if (new URL(request.url).pathname !== PEER_PATH || replicas[index] === undefined) {
        return new Response(null, { status: 503 });
      }
      const { socket, response } = Deno.upgradeWebSocket(request);
      replicas[index].acceptPeer(socket);
      return response;
    })
  );
  const members = servers.map(({ addr }, index) => ({
    name: `${index}`,
    peerUrls: [`http://127.0.0.1:${addr.port}`],
  }));
  for (const { name } of members) {
    const storage = memoryLogStore();
    replicas.push(await EmbeddedReplica.open({ storage, name, members, timing }));
  }
  const client = connect(replicas.map((replica) => () => replica.dial()));
  await client.put("a", "1");
  assertEquals(replicas[0].status.leader, replicas[1].status.leader);
  assertEquals(replicas[0].status.configuration.voters.length, 2);
  await client.close();
  await Promise.all(replicas.map((replica) => replica.close()));
  await Promise.all(servers.map((server) => server.shutdown()));
});

Deno.test("EmbeddedReplica.open() refuses members that make no cluster", async () => {
  const open = (...names: string[]) =>
    EmbeddedReplica.open({
      storage: memoryLogStore(),
      name: "a",
      members: names.map((name) => ({ name })),
    });
  await assertRejects(() => open("b", "c"), TypeError, `"a" is not one`);
  await assertRejects(() => open("a", "a"), TypeError, "two members of one name");
});

Deno.test("EmbeddedReplica.acceptPeer() tells sockets and ports apart", async () => {
  const { port1, port2 } = new MessageChannel();
  const storage = memoryLogStore();
  await using bySockets = await EmbeddedReplica.open({ storage, timing });
  assertThrows(() => bySockets.acceptPeer(port1), TypeError, "do not go together");
  assertThrows(() => bySockets.connectPeer(port1, "default"), TypeError, "uses sockets");
  await using byPorts = await EmbeddedReplica.open({
    storage: memoryLogStore(),
    timing,
    peers: "ports",
  });
  assertThrows(() => byPorts.acceptPeer({ readyState: 1 } as WebSocket), TypeError, "do not go");
  assertThrows(() => byPorts.connectPeer(port2, "nobody"), TypeError, "no such member");
  port1.close();
});
