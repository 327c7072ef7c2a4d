import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { askToJoin, JoinError, type Welcome } from "../../src/browser/join.ts";
import { Learner, type LearnerOptions } from "../../src/browser/learner.ts";
import { connect, memberAdd, memberList, memberRemove } from "../../src/client/mod.ts";
import { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { learnerProtocols } from "../../src/transport/browser_learner.ts";
import { encodeHello } from "../../src/transport/hello.ts";
import { peerSocketUrl } from "../../src/transport/websocket.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { until } from "./until.ts";

const TOKEN = "a token for tests";
const FLAGS = [
  ...["--storage", "memory", "--allow-browser-learners", "--browser-learner-token", TOKEN],
  ...["--max-browser-learners", "2"],
];

function optionsFor(cluster: LocalCluster, disk: MemoryDisk): LearnerOptions {
  return {
    storage: memoryLogStore(disk),
    name: "page",
    endpoints: [cluster.replicas[0].clientUrl],
    token: TOKEN,
  };
}

Deno.test("Learner follows a cluster of three, reads by itself and sends writes on", async () => {
  await using cluster = new LocalCluster(3, FLAGS);
  await cluster.start();
  await using servers = connect(cluster.replicas.map(({ clientUrl }) => clientUrl));
  await servers.put("before", "1");
  const disk = new MemoryDisk();
  {
    await using learner = await Learner.open(optionsFor(cluster, disk));
    await using client = connect(() => learner.dial());
    assertEquals((await client.get("before"))?.text(), "1");
    const { revision } = await client.put("through", "2");
    assertEquals((await servers.get("through"))?.text(), "2");
    const local = await client.range({ prefix: "" }, { serializable: true });
    assertEquals(local.kvs.map(({ name }) => name), ["before", "through"]);
    assert(local.revision >= revision);
    await until(() => learner.status().isConnected);
    const members = await memberList(servers);
    const own = members.find(({ id }) => id === learner.status().memberId);
    assertEquals([own?.isLearner, own?.peerUrls], [true, []]);
  }
  await servers.put("meanwhile", "3");
  await using again = await Learner.open(optionsFor(cluster, disk));
  await using client = connect(() => again.dial());
  assertEquals((await client.get("meanwhile"))?.text(), "3");
  assertEquals((await memberList(servers)).length, 4);
  // Whoever leads next is dialled already, though one endpoint was named.
  await (await cluster.leader()).end("SIGKILL");
  await client.put("after", "4", { deadlineMs: 60_000 });
  assertEquals((await servers.get("after", { deadlineMs: 60_000 }))?.text(), "4");
});

Deno.test("LearnerDoor lets in who shows the token, up to a number, under a name of its own", async (t) => {
  await using cluster = new LocalCluster(1, FLAGS);
  await cluster.start();
  const [{ clientUrl }] = cluster.replicas;
  await using servers = connect(clientUrl);
  const instanceId = new Uint8Array(16).fill(7);
  const ask = (memberId: bigint, token = TOKEN, id = instanceId) =>
    askToJoin([clientUrl], token, { memberId, instanceId: id });
  const refused = async (promise: Promise<unknown>): Promise<JoinError> => {
    const error = await promise.catch((reason) => reason);
    assertInstanceOf(error, JoinError);
    return error;
  };

  await t.step("not without the token", async () => {
    const error = await refused(ask(7n, "another token for tests"));
    assertEquals(error.reason, "refused");
    assertStringIncludes(error.message, "401 The token is wrong");
    for (const token of [null, "another token for tests"]) {
      const protocols = token === null ? [] : learnerProtocols(token);
      const socket = new WebSocket(peerSocketUrl(clientUrl), protocols);
      await new Promise((resolve) => socket.onerror = resolve);
    }
  });

  await t.step("twice as the same", async () => {
    const { clusterId, voters } = await ask(7n);
    assertEquals(await ask(7n), { clusterId, voters });
    assertEquals((await memberList(servers)).length, 2);
  });

  await t.step("not as a voter, nor as a learner with another storage", async () => {
    const voter = (await memberList(servers)).find(({ isLearner }) => !isLearner)!;
    assertStringIncludes((await refused(ask(voter.id))).message, "is not this learner");
    const other = await refused(ask(7n, TOKEN, new Uint8Array(16).fill(8)));
    assertEquals(other.reason, "removed");
    for (const [memberId, code] of [[voter.id + 1n, 4004], [7n, 4006]] as const) {
      assertEquals(await closeCode(clientUrl, await ask(7n), memberId, voter.id), code);
    }
  });

  await t.step("not more than there may be, and an operator's learner besides", async () => {
    await ask(8n);
    const error = await refused(ask(9n));
    assertStringIncludes(error.message, "429 Cannot change the members: too many learners");
    await memberAdd(servers, ["http://127.0.0.1:1"], { learner: true });
  });

  await t.step("not again after its removal", async () => {
    await memberRemove(servers, 8n);
    assertEquals((await refused(ask(8n))).reason, "removed");
    await ask(10n);
  });
});

/** How a server ends the connection of somebody who says to be `memberId`, with a storage of its own. */
async function closeCode(
  url: string,
  { clusterId }: Welcome,
  memberId: bigint,
  server: bigint,
): Promise<number> {
  const socket = new WebSocket(peerSocketUrl(url), learnerProtocols(TOKEN));
  const storageId = new Uint8Array(16).fill(9);
  socket.onopen = () =>
    socket.send(encodeHello({ clusterId, memberId, storageId }, server).slice());
  return await new Promise((resolve) => socket.onclose = ({ code }) => resolve(code));
}
