import { assert, assertEquals } from "@std/assert";
import { encodeUtf8 } from "../../src/base/utf8.ts";
import { CommandKind } from "../../src/machine/command.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import { PutRequest } from "../../src/proto/put.ts";
import { SimCluster } from "./sim_cluster.ts";
import { World } from "./world.ts";

function put(key: string, value: string): Uint8Array {
  return encodeToBytes(
    PutRequest,
    create(PutRequest, { key: encodeUtf8(key), value: encodeUtf8(value) }),
  );
}

Deno.test("Replica keeps acknowledged writes while leaders crash and come back", async () => {
  const world = new World(7);
  const cluster = new SimCluster(world, 3, { snapshotEntries: 50, snapshotCatchUpEntries: 10 });
  await world.runUntil(5_000, () => cluster.leader() !== undefined);
  assert(cluster.leader() !== undefined, "a leader is elected within five seconds");

  const acknowledged = new Set<string>();
  let count = 0;
  const write = (): void => {
    const node = cluster.nodes[world.prng.between(0, 3)];
    const key = `k${count++}`;
    node.replica?.propose(CommandKind.Put, put(key, key)).then(
      () => acknowledged.add(key),
      () => "unknown: nothing was promised",
    );
    world.after(10, write);
  };
  write();
  for (let round = 0; round < 8; round++) {
    await world.runUntil(world.nowMs + 3_000);
    const leader = cluster.leader();
    leader?.crash();
    await world.runUntil(world.nowMs + 3_000);
    leader?.start();
  }
  await world.runUntil(world.nowMs + 10_000);
  assert(acknowledged.size > 1_000, `${acknowledged.size} writes were acknowledged`);
  const hashes = new Set(cluster.nodes.map((node) => node.replica?.machine.hash()));
  assertEquals(hashes.size, 1, "all replicas hold the same");
});
