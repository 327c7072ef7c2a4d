import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { crc32 } from "../../src/base/crc32.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import { configurationOf } from "../../src/raft/configuration.ts";
import type { SnapshotManifest } from "../../src/raft/snapshot.ts";
import { Replica } from "../../src/replica/replica.ts";
import { StorageVersionError } from "../../src/storage/errors.ts";
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

Deno.test("Replica.open() says so of a snapshot that another version has written", async () => {
  await using cluster = await VirtualCluster.start(1);
  const [{ replica, disk }] = cluster.nodes;
  await replica.close();
  const store = memoryLogStore(disk);
  const { open } = store;
  store.open = async () => {
    const recovered = await open.call(store);
    const { manifest, readSegment } = recovered.snapshot!;
    return { ...recovered, snapshot: { manifest: withVersion(manifest, 0xff), readSegment } };
  };
  const opened = Replica.open({
    storage: store,
    connect: () => ({ start() {}, send() {}, setPeers() {}, close: () => Promise.resolve() }),
    clock: cluster.clock,
    prng: new SeededPrng(1),
    bootstrap: () => Promise.reject(new Error("It has an identity")),
    attributes: { name: "n1", clientUrls: [] },
  });
  const error = await assertRejects(() => opened, StorageVersionError);
  assertStringIncludes(error.message, "version 255");
  assertStringIncludes(error.message, "Start the version of Kvorum that wrote it");
});

/** A snapshot with a sound header that says another version. */
function withVersion(manifest: SnapshotManifest, version: number): SnapshotManifest {
  const body = manifest.header.slice(0, -4);
  body[0] = version;
  const writer = new ByteWriter();
  writer.raw(body);
  writer.uint32(crc32(body));
  return { ...manifest, header: writer.copy() };
}

Deno.test("Replica.open() of one that joins founds nothing, and stands at no entry", async () => {
  await using cluster = await VirtualCluster.start(3);
  const { replica, disk } = await cluster.join(4n);
  await cluster.run(3_000);
  assertEquals((await recoveredFrom(disk)).manifest, undefined);
  assertEquals([replica.status().appliedIndex, replica.machine.members.size], [0, 0]);
});
