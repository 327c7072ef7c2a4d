import { assert, assertEquals } from "@std/assert";
import {
  connect,
  type KvorumClient,
  KvorumError,
  type Member,
  memberList,
  moveLeader,
  status,
} from "../../src/client/mod.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";

Deno.test("moveLeader() moves leadership, and clients that prefer the leader go with it", async () => {
  await using cluster = new LocalCluster(3, ["--storage", "memory"]);
  await cluster.start();
  await cluster.leader();
  const urls = cluster.replicas.map(({ clientUrl }) => clientUrl);
  await using client = connect(urls, { prefer: "leader", deadlineMs: 30_000 });
  const members = await memberList(client);
  assertEquals(members.length, 3);
  let leader = 0n;
  for (let round = 0; round < 3;) {
    const { isLeader, memberId } = await status(client);
    if (isLeader && memberId !== leader) {
      leader = memberId;
      round++;
      await client.put("k", `${round}`);
    }
    if (isLeader) await moveAway(client, members, leader);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

/** Moves leadership, unless it moves by itself at this very moment: then it is tried again. */
async function moveAway(client: KvorumClient, members: readonly Member[], from: bigint) {
  const other = members.find(({ id }) => id !== from);
  assert(other !== undefined);
  try {
    await moveLeader(client, other.id);
  } catch (error) {
    if (!(error instanceof KvorumError)) throw error;
  }
}
