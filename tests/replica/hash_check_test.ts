import { assert, assertEquals } from "@std/assert";
import { AlarmType } from "../../src/machine/alarms.ts";
import { CommandKind } from "../../src/machine/command.ts";
import { encodeToBytes } from "../../src/proto/codec.ts";
import { CompactionRequest, PutRequest } from "../../src/proto/kv.ts";
import { suspectsOf } from "../../src/replica/hash_check.ts";
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
