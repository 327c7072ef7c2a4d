import { assertEquals } from "@std/assert";
import { configurationOf } from "../../src/raft/configuration.ts";
import type { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { memoryLogStore } from "../../src/storage/memory/memory_log_store.ts";
import { VirtualCluster } from "./virtual_cluster.ts";

/** What a replica that starts on this disk would find. */
async function recoveredFrom(disk: MemoryDisk) {
  const store = memoryLogStore(disk.clone());
  const { snapshot, entries } = await store.open();
  await store.close();
  return { manifest: snapshot?.manifest, first: entries[0]?.index };
}

Deno.test("Replica.open() founds a cluster on the same snapshot at index 1 everywhere, and the log behind it", async () => {
  await using cluster = await VirtualCluster.start(3);
  await cluster.until(() =>
    cluster.nodes.every(({ replica }) => replica.status().appliedIndex > 1)
  );
  const [one, ...others] = await Promise.all(
    cluster.nodes.map(({ disk }) => recoveredFrom(disk)),
  );
  assertEquals([one.manifest?.index, one.manifest?.term, one.first], [1, 0, 2]);
  assertEquals(one.manifest?.configuration, configurationOf([1n, 2n, 3n]));
  for (const other of others) assertEquals(other.manifest, one.manifest);
});

Deno.test("Replica.open() of one that joins founds nothing, and stands at no entry", async () => {
  await using cluster = await VirtualCluster.start(3);
  const { replica, disk } = await cluster.join(4n);
  await cluster.run(3_000);
  assertEquals((await recoveredFrom(disk)).manifest, undefined);
  assertEquals([replica.status().appliedIndex, replica.machine.members.size], [0, 0]);
});
