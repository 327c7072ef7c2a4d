import { assert, assertEquals } from "@std/assert";
import { VirtualCluster } from "./virtual_cluster.ts";

Deno.test("Replica.changeMembers() answers a follower that removes itself, which then stops", async () => {
  await using cluster = await VirtualCluster.start(3);
  // A change needs members that have said their names.
  await cluster.run(5_000);
  const follower = cluster.nodes.find((node) => node !== cluster.leader);
  assert(follower !== undefined);
  const { id, replica, events } = follower;
  await cluster.wait(replica.changeMembers({ kind: "remove", id }));
  assert(events.some(({ type }) => type === "removed"));
  const reason = await cluster.wait(replica.closed);
  assertEquals(reason?.name, "ReplicaError");
  for (const node of cluster.nodes) {
    if (node !== follower) assertEquals(node.replica.machine.members.size, 2);
  }
});

Deno.test("Replica.changeMembers() answers a leader that removes itself", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(5_000);
  const { leader } = cluster;
  assert(leader !== undefined);
  await cluster.wait(leader.replica.changeMembers({ kind: "remove", id: leader.id }));
  await cluster.until(() =>
    cluster.nodes.some((node) => node !== leader && node.replica.status().role === "leader")
  );
});
