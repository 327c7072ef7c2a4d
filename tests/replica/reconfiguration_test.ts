import { assertEquals, assertRejects } from "@std/assert";
import { ReplicaError } from "../../src/replica/errors.ts";
import { VirtualCluster } from "./virtual_cluster.ts";

Deno.test("Replica.changeMembers() makes several changes together, also those of its leader", async () => {
  await using cluster = await VirtualCluster.start(5);
  // A change needs members that have said their names.
  await cluster.run(5_000);
  const { leader } = cluster;
  const [through, another, third] = cluster.nodes.filter((node) => node !== leader);
  const ids = [leader!.id, another.id];
  await cluster.wait(
    through.replica.changeMembers(ids.map((id) => ({ kind: "remove", id }))),
  );
  await cluster.until(() => through.replica.status().leader !== leader!.id);
  for (const { replica } of [through, third]) {
    await cluster.until(() => replica.machine.members.size === 3);
    await cluster.until(() => replica.status().configuration.outgoing.length === 0);
    assertEquals(replica.status().configuration.voters.length, 3);
  }
});

Deno.test("Replica.changeMembers() makes all of several changes or none", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.run(5_000);
  const { replica } = cluster.nodes[0];
  const refused = [
    [{ kind: "remove", id: 3n }, { kind: "remove", id: 9n }],
    [{ kind: "update", id: 3n, peerUrls: ["test://a"] }, { kind: "remove", id: 3n }],
    [1n, 2n, 3n].map((id) => ({ kind: "remove", id }) as const),
  ] as const;
  for (const changes of refused) {
    await assertRejects(() => cluster.wait(replica.changeMembers(changes)), ReplicaError);
  }
  assertEquals(replica.machine.members.list().map(({ peerUrls }) => peerUrls), [
    ["test://1"],
    ["test://2"],
    ["test://3"],
  ]);
  assertEquals(replica.status().configuration.voters, [1n, 2n, 3n]);
});

Deno.test("Replica.changeMembers() answers although the new quorum is not there yet", async () => {
  await using cluster = await VirtualCluster.start(1);
  await cluster.run(5_000);
  const { replica } = cluster.nodes[0];
  const instanceId = new Uint8Array();
  await cluster.wait(
    replica.changeMembers({ kind: "add", id: 9n, peerUrls: ["test://9"], instanceId }),
  );
  assertEquals(replica.status().configuration.voters, [1n, 9n]);
  assertEquals(replica.machine.members.get(9n)?.peerUrls, ["test://9"]);
});
