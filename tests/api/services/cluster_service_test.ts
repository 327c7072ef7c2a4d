import { assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { toRpcError } from "../../../src/api/errors.ts";
import { ClusterService } from "../../../src/api/services/cluster_service.ts";
import type { Member } from "../../../src/proto/cluster.ts";
import { newMemberId } from "../../../src/api/services/peer_urls.ts";
import { LocalReplica } from "../local_replica.ts";

const WALL_MS = 1_700_000_000_500;

function setUp() {
  const replica = new LocalReplica();
  return { replica, cluster: new ClusterService(replica, { wallMs: () => WALL_MS }) };
}

Deno.test("newMemberId() is SHA-1 over the URLs and the seconds", async () => {
  const text = "http://a:1http://b:21700000000";
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  const expected = new DataView(digest).getBigUint64(0);
  assertEquals(await newMemberId(["http://b:2", "http://a:1"], WALL_MS), expected);
});

Deno.test("ClusterService adds, updates, promotes and removes members", async () => {
  const { cluster } = setUp();
  const added = await cluster.memberAdd(
    { peerUrls: ["http://b:2", "http://a:1"], isLearner: true },
    PLAIN_CONTEXT,
  );
  const id = added.member?.id ?? 0n;
  assertEquals(added.member, {
    id: await newMemberId(["http://a:1", "http://b:2"], WALL_MS),
    name: "",
    peerUrls: ["http://a:1", "http://b:2"],
    clientUrls: [],
    isLearner: true,
  });
  assertEquals([added.members.length, added.header?.revision], [2, 0]);
  const find = (members: readonly Member[]) => members.find((member) => member.id === id);
  const updated = await cluster.memberUpdate({ id, peerUrls: ["http://c:3"] }, PLAIN_CONTEXT);
  assertEquals(find(updated.members), { ...added.member, peerUrls: ["http://c:3"] });
  const promoted = await cluster.memberPromote({ id }, PLAIN_CONTEXT);
  assertEquals(find(promoted.members), {
    ...added.member,
    peerUrls: ["http://c:3"],
    isLearner: false,
  });
  const removed = await cluster.memberRemove({ id }, PLAIN_CONTEXT);
  assertEquals(find(removed.members), undefined);
});

Deno.test("ClusterService refuses with etcd's words", async () => {
  const { cluster } = setUp();
  const refused = async (call: () => Promise<unknown>, message: string) =>
    assertEquals(toRpcError(await assertRejects(call)).message, message);
  const add = (peerUrls: string[], isLearner = false) =>
    cluster.memberAdd({ peerUrls, isLearner }, PLAIN_CONTEXT);
  const bad = [
    "",
    "http://a",
    "ftp://a:1",
    "http://a:1/path",
    "http://:1",
    "a:1",
    "http://a:99999",
  ];
  for (const urls of [[], ...bad.map((url) => [url])]) {
    await refused(() => add(urls), "etcdserver: given member URLs are invalid");
  }
  const taken = () => add(["http://127.0.0.1:2380"]);
  await refused(taken, "etcdserver: Peer URLs already exists");
  await add(["http://a:1"], true);
  const tooMany = () => add(["http://b:1"], true);
  await refused(tooMany, "etcdserver: too many learner members in cluster");
  const unknown = () => cluster.memberRemove({ id: 9n }, PLAIN_CONTEXT);
  await refused(unknown, "etcdserver: member not found");
  const voter = () => cluster.memberPromote({ id: 0xabcn }, PLAIN_CONTEXT);
  await refused(voter, "etcdserver: can only promote a learner member");
});
