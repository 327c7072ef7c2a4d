import { assertEquals } from "@std/assert";
import { CommandKind } from "../../src/machine/command.ts";
import { encodeToBytes } from "../../src/proto/codec.ts";
import { LeaseGrantRequest } from "../../src/proto/lease.ts";
import { VirtualCluster } from "./virtual_cluster.ts";

Deno.test("Replica.renewLease() waits until a leader with a slow disk knows of the lease", async () => {
  await using cluster = await VirtualCluster.start(3);
  const leader = cluster.leader!;
  const follower = cluster.nodes.find((node) => node !== leader)!;
  await cluster.run(2_000);
  const written = Promise.withResolvers<void>();
  leader.disk.onOperation = ({ kind }) => kind === "sync" ? written.promise : undefined;

  // The followers agree without the leader's disk, and the one that was asked answers.
  const grant = encodeToBytes(LeaseGrantRequest, { id: 7n, ttl: 60 });
  assertEquals((await cluster.propose(follower, CommandKind.LeaseGrant, grant)).reason, null);
  const renewed = follower.replica.renewLease(7n);
  const time = follower.replica.leaseTime(7n);
  await cluster.run(200);
  written.resolve();
  leader.disk.onOperation = null;

  assertEquals(await cluster.wait(renewed), 60);
  assertEquals((await cluster.wait(time)).grantedSeconds, 60);
});
