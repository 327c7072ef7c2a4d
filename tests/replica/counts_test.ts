import { assert, assertEquals, assertRejects } from "@std/assert";
import { ReplicaError } from "../../src/replica/errors.ts";
import { CommandKind } from "../../src/machine/command.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import { PutRequest } from "../../src/proto/kv.ts";
import { VirtualCluster, type VirtualNode } from "./virtual_cluster.ts";

const PUT = encodeToBytes(PutRequest, create(PutRequest, { key: Uint8Array.of(1) }));

Deno.test("Replica.counts() tells what waits and what was given up", async () => {
  await using cluster = await VirtualCluster.start(3);
  const leader = cluster.leader as VirtualNode;
  await cluster.wait(leader.replica.propose(CommandKind.Put, PUT));
  const none = {
    proposalsPending: 0,
    proposalsFailed: 0,
    readIndexesSlow: 0,
    readIndexesFailed: 0,
  };
  assertEquals(leader.replica.counts(), none);
  const others = cluster.nodes.filter((node) => node !== leader);
  for (const { replica } of others) await cluster.wait(replica.close());
  const write = leader.replica.propose(CommandKind.Put, PUT);
  const read = leader.replica.linearize();
  assertEquals(leader.replica.counts().proposalsPending, 1);
  const refusals = [write, read].map((each) => assertRejects(() => each, ReplicaError));
  await cluster.wait(Promise.all(refusals));
  const { readIndexesSlow, ...rest } = leader.replica.counts();
  assert(readIndexesSlow > 0);
  assertEquals(rest, { proposalsPending: 0, proposalsFailed: 1, readIndexesFailed: 1 });
});
