import { assert } from "../base/assert.ts";
import type { MemberId } from "../base/ids.ts";
import { Machine } from "../machine/machine.ts";
import { configurationOf } from "../raft/configuration.ts";
import { RaftNode } from "../raft/node.ts";
import type { SnapshotMeta } from "../raft/snapshot.ts";
import { StorageVersionError } from "../storage/errors.ts";
import type { LogStore, RecoveredLog, StoredSnapshot } from "../storage/log_store.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import { foundingMembers, foundingSnapshot } from "./foundation.ts";
import { decodeIdentity, encodeIdentity, type ReplicaIdentity } from "./identity.ts";
import {
  DEFAULT_TIMING,
  type ReplicaOptions,
  TICKS_PER_HEARTBEAT,
  type Timing,
} from "./options.ts";
import type { LeaseClock } from "./lease_clock.ts";
import { recoverLeaseClock } from "./lease_keeper.ts";
import { Proposals } from "./proposals.ts";
import { ReadBarriers } from "./read_barriers.ts";

/** A replica's parts, recovered from its storage and not yet running. */
export interface OpenedParts {
  readonly options: ReplicaOptions;
  readonly timing: Timing;
  readonly identity: ReplicaIdentity;
  readonly storage: LogStore;
  readonly machine: Machine;
  readonly raft: RaftNode;
  readonly transport: PeerTransport;
  readonly proposals: Proposals;
  readonly barriers: ReadBarriers;
  readonly leaseClock: LeaseClock;
  /** The storage's: grows with every start. */
  readonly epoch: number;
  /** Where the machine stands, which was restored from the stored snapshot. */
  readonly snapshot: { readonly index: number; readonly term: number };
}

/** Opens the storage and puts a replica together from what it holds. */
export async function openParts(options: ReplicaOptions): Promise<OpenedParts> {
  const { storage } = options;
  const recovered = await storage.open();
  try {
    const identity = await identify(options, recovered);
    const timing = { ...DEFAULT_TIMING, ...options.timing };
    const machine = new Machine();
    const snapshot = recovered.snapshot === null
      ? await found(storage, machine, identity, recovered)
      : await restore(machine, recovered.snapshot);
    const raft = makeRaft(options, timing, identity.memberId, snapshot, recovered);
    const transport = options.connect(identity);
    options.onEvent?.({
      type: "recovered",
      index: recovered.entries.at(-1)?.index ?? snapshot?.index ?? 0,
      notes: recovered.notes,
    });
    return {
      options,
      timing,
      identity,
      storage,
      machine,
      raft,
      transport,
      proposals: new Proposals(identity.memberId, recovered.epoch),
      barriers: new ReadBarriers(recovered.epoch),
      leaseClock: recoverLeaseClock(
        machine,
        snapshot,
        recovered.entries,
        options.clock.nowMs(),
      ),
      epoch: recovered.epoch,
      snapshot: snapshot ?? { index: 0, term: 0 },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Who the storage says this replica is; a storage never used takes the bootstrap's identity. */
async function identify(
  { storage, bootstrap }: ReplicaOptions,
  recovered: RecoveredLog,
): Promise<ReplicaIdentity> {
  if (recovered.identity !== null) return decodeIdentity(recovered.identity);
  assert(
    recovered.entries.length === 0 && recovered.snapshot === null,
    "A storage with data knows whose data it is",
  );
  const identity = typeof bootstrap === "function" ? await bootstrap() : bootstrap;
  await storage.saveIdentity(encodeIdentity(identity));
  return identity;
}

/**
 * Founds a cluster: its first members are its first snapshot, which each of them writes alike, and
 * the log begins behind it. Safety: so a replica that joins later cannot replay the log from nothing,
 * without the founders in its configuration and its table of members; it needs a snapshot first.
 *
 * @returns the snapshot, or null for a replica that joins and must be given one.
 */
async function found(
  storage: LogStore,
  machine: Machine,
  { initialMembers }: ReplicaIdentity,
  { entries }: RecoveredLog,
): Promise<SnapshotMeta | null> {
  assert(entries.length === 0, "A log without a snapshot is empty");
  if (initialMembers.length === 0) return null;
  machine.members.bootstrap(foundingMembers(initialMembers));
  const { manifest, segments } = foundingSnapshot(machine, initialMembers);
  await storage.saveSnapshot(manifest, segments);
  return manifest;
}

/** Puts the machine where the stored snapshot stands. */
async function restore(
  machine: Machine,
  { manifest, readSegment }: StoredSnapshot,
): Promise<SnapshotMeta> {
  const segments = [];
  for (const { id, byteLength } of manifest.segments) {
    segments.push({ id, byteLength, bytes: await readSegment(id) });
  }
  try {
    machine.restore(manifest.header, segments);
  } catch (error) {
    throw unusable(error);
  }
  return manifest;
}

/** A snapshot that the storage holds intact and this program cannot read: another one wrote it. */
function unusable(error: unknown): StorageVersionError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageVersionError(
    `Cannot restore the snapshot in the storage: ${reason}. Start the version of Kvorum that wrote ` +
      "it, or remove this member, delete its data and add it again",
  );
}

function makeRaft(
  options: ReplicaOptions,
  timing: Timing,
  memberId: MemberId,
  snapshot: SnapshotMeta | null,
  { hardState, entries }: RecoveredLog,
): RaftNode {
  const tickMs = timing.heartbeatIntervalMs / TICKS_PER_HEARTBEAT;
  const configuration = snapshot?.configuration ?? configurationOf([]);
  const raft = new RaftNode({
    id: memberId,
    electionTicks: Math.ceil(timing.electionTimeoutMs / tickMs),
    heartbeatTicks: TICKS_PER_HEARTBEAT,
    appendBytesMax: timing.appendBytesMax,
    prng: options.prng,
    readMode: options.readMode ?? "readIndex",
    recovered: {
      hardState,
      snapshot,
      entries,
      configuration,
    },
  });
  // Why: nobody else can lead, so there is nobody to wait for. Ref: etcd server.go, adjustTicks.
  const { voters } = raft.configuration;
  if (voters.length === 1 && voters[0] === memberId) raft.campaign();
  return raft;
}
