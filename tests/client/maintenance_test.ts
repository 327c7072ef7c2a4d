import { assert, assertEquals, assertRejects } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { Sha256 } from "../../src/base/sha256.ts";
import {
  alarms,
  connect,
  defragment,
  disarm,
  FetchTransport,
  hashKv,
  type KvorumClient,
  KvorumError,
  memberAdd,
  memberList,
  memberPromote,
  memberRemove,
  memberUpdate,
  moveLeader,
  OutcomeUnknownError,
  snapshot,
  status,
} from "../../src/client/mod.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { ServedReplica } from "./served_replica.ts";

type Run = (client: KvorumClient, replica: LocalReplica) => Promise<void>;

/** Runs a test over both transports. */
function both(what: string, run: Run): void {
  Deno.test(`${what}, multiplexed`, async () => {
    const replica = new LocalReplica();
    using server = new MultiplexServer({ replica });
    await using client = connect(() => server.connect());
    await run(client, replica);
  });
  Deno.test(`${what}, as JSON`, async () => {
    const replica = new LocalReplica();
    await using served = new ServedReplica(replica);
    const transport = new FetchTransport([served.url]);
    await using client = connect(served.url, { transport });
    await run(client, replica);
  });
}

both("memberAdd() and the others change who the replicas are", async (client) => {
  const [first] = await memberList(client);
  assertEquals([first.id, first.name, first.isLearner], [0xabcn, "default", false]);
  const added = await memberAdd(client, ["http://127.0.0.1:1"], { learner: true });
  assertEquals([added.isLearner, added.peerUrls], [true, ["http://127.0.0.1:1"]]);
  const updated = await memberUpdate(client, added.id, ["http://127.0.0.1:2"]);
  assertEquals(updated.find(({ id }) => id === added.id)?.peerUrls, ["http://127.0.0.1:2"]);
  const error = await assertRejects(() => memberPromote(client, 77n), KvorumError);
  assertEquals(error.code, "NOT_FOUND");
  assertEquals((await memberRemove(client, added.id)).map(({ id }) => id), [first.id]);
});

both("status() and hashKv() tell of the replica", async (client) => {
  await client.put("a", "1");
  const { memberId, isLeader, leader, revision, errors } = await status(client);
  assertEquals([memberId, isLeader, leader, revision], [0xabcn, true, 0xabcn, 2]);
  assertEquals(errors, []);
  const first = await hashKv(client);
  assertEquals(first.hashRevision, 2);
  await client.put("a", "2");
  assertEquals((await hashKv(client, 2)).hash, first.hash);
  assert((await hashKv(client)).hash !== first.hash);
  await defragment(client);
});

both("alarms() lists what disarm() ends", async (client, replica) => {
  replica.state.quotaBytes = 1;
  await assertRejects(() => client.put("a", "1"), KvorumError, "database space exceeded");
  const found = await alarms(client);
  assertEquals(found, [{ memberId: 0xabcn, type: "NOSPACE" }]);
  replica.state.quotaBytes = Infinity;
  assertEquals(await disarm(client), found);
  assertEquals(await alarms(client), []);
  await client.put("a", "1");
});

both("snapshot() gives a file with its checksum", async (client) => {
  for (let i = 0; i < 200; i++) await client.put(`k${i}`, "x".repeat(1_000));
  const file = await new Response(snapshot(client)).bytes();
  assert(file.length > 200_000);
  const hash = new Sha256();
  hash.update(file.subarray(0, -32));
  assertEquals(hash.digest(), file.subarray(-32));
});

both("snapshot() ends by its signal, and by its deadline before it begins", async (client) => {
  const controller = new AbortController();
  const reader = snapshot(client, { signal: controller.signal }).getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  await assertRejects(rest, Error, "enough");
  await assertRejects(
    () => snapshot(client, { signal: controller.signal }).getReader().read(),
    Error,
    "enough",
  );
});

Deno.test("snapshot() does not wait for ever where nobody is", async () => {
  await using client = connect("http://127.0.0.1:1");
  const reading = snapshot(client, { deadlineMs: 20 }).getReader().read();
  assertEquals((await assertRejects(() => reading, KvorumError)).code, "DEADLINE_EXCEEDED");
});

both("moveLeader() is sent once, and what became of it may be unknown", async (client, replica) => {
  let sent = 0;
  replica.transferLeadership = () => {
    sent++;
    return Promise.reject(new ReplicaError("timed out", ""));
  };
  const error = await assertRejects(() => moveLeader(client, 5n), OutcomeUnknownError);
  assertEquals([sent, error.code], [1, "UNAVAILABLE"]);
  replica.transferLeadership = () => Promise.reject(new ReplicaError("not leader", ""));
  const refused = await assertRejects(() => moveLeader(client, 5n), KvorumError);
  assertEquals(refused.code, "FAILED_PRECONDITION");
});
