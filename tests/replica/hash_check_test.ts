import { assert, assertEquals, assertRejects } from "@std/assert";
import { AlarmType } from "../../src/machine/alarms.ts";
import { CommandKind } from "../../src/machine/command.ts";
import { encodeToBytes } from "../../src/proto/codec.ts";
import { CompactionRequest, PutRequest } from "../../src/proto/kv.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { suspectsOf } from "../../src/replica/hash_check.ts";
import type { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { VirtualCluster, type VirtualNode } from "./virtual_cluster.ts";

const upkeep = { hashCheckIntervalMs: 5_000 };

function put(key: number, value: number): Uint8Array {
  return encodeToBytes(PutRequest, {
    key: new Uint8Array([key]),
    value: new Uint8Array([value]),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  });
}

/** Changes a byte of a value behind the replica's back, as a broken disk or memory would. */
function damage({ replica }: VirtualNode): void {
  const value = replica.machine.store.get(new Uint8Array([1]))?.value;
  assert(value !== undefined);
  value[0] ^= 1;
}

Deno.test("suspectsOf() names the minority, and all when nobody has a majority", () => {
  const answers = (...hashes: [hash: number, compactRevision?: number][]) =>
    new Map(hashes.map(([hash, compactRevision = 5], i) => [
      BigInt(i + 1),
      { hash, compactRevision },
    ]));
  assertEquals(suspectsOf(answers([7], [7], [7]), 1n), []);
  assertEquals(suspectsOf(answers([7], [8], [7]), 1n), [2n]);
  // The leader may be the one that is wrong.
  assertEquals(suspectsOf(answers([8], [7], [7]), 1n), [1n]);
  assertEquals(suspectsOf(answers([7], [8]), 1n), [1n, 2n]);
  assertEquals(suspectsOf(answers([7], [8], [9]), 1n), [1n, 2n, 3n]);
  // Who was compacted elsewhere cannot be compared.
  assertEquals(suspectsOf(answers([7], [8, 4], [7]), 1n), []);
  assertEquals(suspectsOf(answers([7]), 1n), []);
});

Deno.test("HashCheck finds nothing between replicas that agree", async () => {
  await using cluster = await VirtualCluster.start(3, { upkeep });
  const [node] = cluster.nodes;
  for (let i = 0; i < 20; i++) await cluster.propose(node, CommandKind.Put, put(1, i));
  const body = encodeToBytes(CompactionRequest, { revision: 10, physical: false });
  await cluster.propose(node, CommandKind.Compaction, body);
  await cluster.run(12_000);
  assertEquals(node.replica.machine.alarms.get(AlarmType.None), []);
});

Deno.test("HashCheck raises the alarm for a follower that differs, and writes are refused", async () => {
  await using cluster = await VirtualCluster.start(3, { upkeep });
  const { leader } = cluster;
  assert(leader !== undefined);
  await cluster.propose(leader, CommandKind.Put, put(1, 1));
  await cluster.run(500);
  const victim = cluster.nodes.find((node) => node !== leader) as VirtualNode;
  damage(victim);
  await cluster.run(12_000);
  for (const { replica, events } of cluster.nodes) {
    const alarms = replica.machine.alarms.get(AlarmType.None);
    assertEquals(alarms, [{ memberId: victim.id, alarm: AlarmType.Corrupt }]);
    assertEquals(events.filter(({ type }) => type === "alarmRaised").length, 1);
  }
  const refused = await cluster.propose(leader, CommandKind.Put, put(2, 2));
  assertEquals(refused.reason, "corrupt");
});

Deno.test("HashCheck raises the alarm for the leader when the others agree", async () => {
  await using cluster = await VirtualCluster.start(3, { upkeep });
  const { leader } = cluster;
  assert(leader !== undefined);
  await cluster.propose(leader, CommandKind.Put, put(1, 1));
  await cluster.run(500);
  damage(leader);
  await cluster.run(12_000);
  assertEquals(leader.replica.machine.alarms.get(AlarmType.None), [
    { memberId: leader.id, alarm: AlarmType.Corrupt },
  ]);
});

/** A cluster of three in which the key has been put so often that all have snapshots of it. */
async function snapshotted(value: number): Promise<VirtualCluster> {
  const timing = { snapshotEntries: 5, snapshotCatchUpEntries: 0 };
  const cluster = await VirtualCluster.start(3, { timing });
  for (let i = 0; i < 12; i++) {
    await cluster.propose(cluster.nodes[0], CommandKind.Put, put(1, value));
  }
  await cluster.run(2_000);
  return cluster;
}

function follower(cluster: VirtualCluster): VirtualNode {
  return cluster.nodes.find((node) => node !== cluster.leader) as VirtualNode;
}

async function reopen(cluster: VirtualCluster, node: VirtualNode, disk: MemoryDisk): Promise<void> {
  await cluster.wait(node.replica.close());
  await cluster.wait(cluster.open(node.id, disk, { checksDataAtStart: true }));
}

Deno.test("Replica.open() refuses data that differ from those of most, if it is to look", async () => {
  let strange: VirtualNode;
  {
    await using other = await snapshotted(6);
    strange = follower(other);
  }
  await using cluster = await snapshotted(5);
  const victim = cluster.nodes.find(({ id }) => id === strange.id) as VirtualNode;
  if (victim === cluster.leader) {
    await cluster.wait(victim.replica.transferLeadership(follower(cluster).id));
  }
  const { reason } = await assertRejects(() => reopen(cluster, victim, strange.disk), ReplicaError);
  assertEquals(reason, "corrupt");
  await reopen(cluster, victim, victim.disk);
});

Deno.test("Replica.open() does not wait long for others to compare its data with", async () => {
  await using cluster = await snapshotted(5);
  const node = follower(cluster);
  cluster.isolated.add(node.id);
  const closedMs = cluster.clock.nowMs();
  await reopen(cluster, node, node.disk);
  assert(cluster.clock.nowMs() - closedMs < 10_000);
  cluster.isolated.clear();
});
