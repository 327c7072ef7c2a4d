import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CommandKind } from "../../src/machine/command.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { StorageFailedError } from "../../src/storage/errors.ts";
import type { MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import { VirtualCluster } from "./virtual_cluster.ts";

// The key "k" with the value "v", as protobuf.
const PUT = Uint8Array.of(10, 1, 0x6b, 18, 1, 0x76);

const FAULTS: Record<string, (disk: MemoryDisk) => void> = {
  "a full disk": (disk) => {
    disk.onOperation = ({ kind }) => {
      if (kind === "write") throw new Error("the disk is full");
    };
  },
  "a failed sync": (disk) => {
    disk.onOperation = ({ kind }) => {
      if (kind === "sync") throw new Error("the disk reports an error");
    };
  },
};

for (const [name, fail] of Object.entries(FAULTS)) {
  Deno.test(`Replica steps down and says so after ${name}`, async () => {
    await using cluster = await VirtualCluster.start(3);
    const leader = cluster.leader!;
    await cluster.propose(leader, CommandKind.Put, PUT);
    fail(leader.disk);
    await assertRejects(() => cluster.propose(leader, CommandKind.Put, PUT), ReplicaError);
    const failure = leader.events.find((event) => event.type === "failed");
    assert(failure?.type === "failed" && failure.error instanceof StorageFailedError);
    assertStringIncludes(failure.error.message, "the disk ");
    assertStringIncludes(failure.error.message, "What was acknowledged is safe");

    const { role, leader: followed } = leader.replica.status();
    assertEquals([role, followed], ["follower", 0n]);
    await cluster.until(() => cluster.leader !== undefined);
    const next = cluster.leader!;
    assertEquals((await cluster.propose(next, CommandKind.Put, PUT)).reason, null);

    leader.disk.onOperation = null;
    leader.disk.crash();
    const again = await cluster.open(leader.id, leader.disk);
    await cluster.until(() =>
      again.replica.machine.store.revision === next.replica.machine.store.revision
    );
  });
}
