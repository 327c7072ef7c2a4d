import type { Machine } from "../machine/machine.ts";
import type { Member } from "../machine/member.ts";
import { configurationOf, sortedIds } from "../raft/configuration.ts";
import type { Segment, SnapshotManifest } from "../raft/snapshot.ts";
import type { LogStore } from "../storage/log_store.ts";
import { encodeIdentity, type InitialMember, type ReplicaIdentity } from "./identity.ts";
import { manifestOf } from "./snapshot_keeper.ts";

/** Where the log of every cluster begins. No leader has term zero. */
const FOUNDATION = { index: 1, term: 0 };

/** The members of a new cluster, as its table has them before anyone has started. */
export function foundingMembers(initialMembers: readonly InitialMember[]): Member[] {
  return initialMembers.map((member) => ({
    ...member,
    clientUrls: [],
    instanceId: new Uint8Array(0),
  }));
}

/**
 * A cluster's first snapshot: the machine as it is, which each founder makes alike, with the founders
 * as its configuration. The log begins behind it.
 */
export function foundingSnapshot(
  machine: Machine,
  initialMembers: readonly InitialMember[],
): { manifest: SnapshotManifest; segments: readonly Segment[] } {
  const learners = initialMembers.filter(({ isLearner }) => isLearner);
  const voters = initialMembers.filter(({ isLearner }) => !isLearner);
  const configuration = {
    ...configurationOf(voters.map(({ id }) => id)),
    learners: sortedIds(learners.map(({ id }) => id)),
  };
  const { header, segments } = machine.snapshot();
  return { manifest: manifestOf({ ...FOUNDATION, configuration }, header, segments), segments };
}

/**
 * Makes a storage that was never used that of a founder of a new cluster, which begins with what
 * `machine` holds: how a cluster is restored from a snapshot file.
 *
 * @throws {StorageError} when the storage cannot be used.
 */
export async function foundFromMachine(
  storage: LogStore,
  identity: ReplicaIdentity,
  machine: Machine,
): Promise<void> {
  await storage.open();
  try {
    machine.refound(foundingMembers(identity.initialMembers));
    const { manifest, segments } = foundingSnapshot(machine, identity.initialMembers);
    await storage.saveIdentity(encodeIdentity(identity));
    await storage.saveSnapshot(manifest, segments);
  } finally {
    await storage.close();
  }
}
