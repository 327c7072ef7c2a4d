/** Leases over changes of leader: they end when their time is over, whoever leads by then. */
import { assert, assertEquals } from "@std/assert";
import { CommandKind } from "../../src/machine/command.ts";
import { encodeToBytes } from "../../src/proto/codec.ts";
import { LeaseGrantRequest } from "../../src/proto/lease.ts";
import { VirtualCluster, type VirtualNode } from "./virtual_cluster.ts";

const LEASE = 7n;
const TTL_MS = 10_000;
/** A heartbeat, and steps of virtual time until an end is proposed, agreed on and seen. */
const BOUND_MS = 200;

async function grant(cluster: VirtualCluster): Promise<void> {
  const body = encodeToBytes(LeaseGrantRequest, { id: LEASE, ttl: TTL_MS / 1_000 });
  const { reason } = await cluster.propose(cluster.nodes[0], CommandKind.LeaseGrant, body);
  assertEquals(reason, null);
}

/** Lets the next replica lead, wherever the leadership is. */
async function passOn(cluster: VirtualCluster): Promise<void> {
  const leader = await settled(cluster);
  const next = cluster.nodes[(cluster.nodes.indexOf(leader) + 1) % cluster.nodes.length];
  await cluster.wait(leader.replica.transferLeadership(next.id));
}

async function settled(cluster: VirtualCluster): Promise<VirtualNode> {
  await cluster.until(() => cluster.leader !== undefined);
  return cluster.leader as VirtualNode;
}

/** Whether some replica knows of the lease: it ends on all of them with the same entry. */
function lives(cluster: VirtualCluster): boolean {
  return cluster.nodes.some(({ replica }) => replica.machine.leases.has(LEASE));
}

function assertEnded(cluster: VirtualCluster, sinceMs: number, boundMs = BOUND_MS): void {
  const livedMs = cluster.clock.nowMs() - sinceMs;
  assert(
    livedMs >= TTL_MS && livedMs <= TTL_MS + boundMs,
    `The lease ended after ${livedMs} ms, not ${TTL_MS}`,
  );
}

Deno.test("Replica ends a lease in time while another leads every second", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(2_000);
  const askedMs = cluster.clock.nowMs();
  await grant(cluster);
  let passedOn = 0;
  while (lives(cluster)) {
    await passOn(cluster);
    passedOn++;
    const nextMs = askedMs + passedOn * 1_000 + 500;
    await cluster.until(() => cluster.clock.nowMs() >= nextMs || !lives(cluster));
  }
  assertEnded(cluster, askedMs);
  assert(passedOn >= 10, `${passedOn} changes of leader`);
});

Deno.test("Replica keeps a lease that is renewed while another leads every second", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(2_000);
  await grant(cluster);
  let renewedMs = 0;
  for (let second = 0; second < 40; second++) {
    await passOn(cluster);
    renewedMs = cluster.clock.nowMs();
    const { replica } = cluster.nodes[second % 3];
    assertEquals(await cluster.wait(replica.renewLease(LEASE)), TTL_MS / 1_000);
    const { remainingSeconds } = await cluster.wait(replica.leaseTime(LEASE));
    assert(remainingSeconds === 9 || remainingSeconds === 10, `${remainingSeconds} s are left`);
    await cluster.run(900);
  }
  while (lives(cluster)) {
    await passOn(cluster);
    const nextMs = cluster.clock.nowMs() + 1_000;
    await cluster.until(() => cluster.clock.nowMs() >= nextMs || !lives(cluster));
  }
  assertEnded(cluster, renewedMs);
  assertEquals(await cluster.wait(cluster.nodes[0].replica.renewLease(LEASE)), 0);
});

Deno.test("Replica ends a lease in time though its leader was cut off and another elected", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(2_000);
  const askedMs = cluster.clock.nowMs();
  await grant(cluster);
  await cluster.run(5_000);
  const old = await settled(cluster);
  cluster.isolated.add(old.id);
  await cluster.until(() => cluster.leader !== undefined && cluster.leader !== old);
  await cluster.until(() => cluster.nodes.some((node) => node !== old && !has(node)));
  assertEnded(cluster, askedMs);
  // Who was cut off waits for the log to say so, although its own clock has run on.
  assertEquals(has(old), true);
  cluster.isolated.clear();
  await cluster.until(() => !has(old));
});

function has({ replica }: VirtualNode): boolean {
  return replica.machine.leases.has(LEASE);
}

Deno.test("Replica ends a lease soon after an election that took longer than it had left", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(2_000);
  const askedMs = cluster.clock.nowMs();
  await grant(cluster);
  await cluster.run(TTL_MS - 500);
  const old = await settled(cluster);
  cluster.isolated.add(old.id);
  await cluster.until(() => cluster.leader !== undefined && cluster.leader !== old);
  const electedMs = cluster.clock.nowMs();
  await cluster.until(() => cluster.nodes.some((node) => node !== old && !has(node)));
  assertEnded(cluster, askedMs, electedMs - askedMs - TTL_MS + BOUND_MS);
  cluster.isolated.clear();
});

Deno.test("Replica gives leases the time for which the whole cluster was down, and no more", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(2_000);
  await grant(cluster);
  await cluster.run(4_000);
  for (const { replica } of [...cluster.nodes]) await cluster.wait(replica.close());
  const downMs = cluster.clock.nowMs();
  await cluster.run(60_000);
  for (const { id, disk } of [...cluster.nodes]) await cluster.open(id, disk);
  const upMs = cluster.clock.nowMs();
  await settled(cluster);
  assertEquals(lives(cluster), true);
  await cluster.until(() => !lives(cluster));
  const livedMs = cluster.clock.nowMs() - upMs;
  assert(livedMs <= TTL_MS + BOUND_MS, `It lived ${livedMs} ms after ${upMs - downMs} ms of rest`);
});
