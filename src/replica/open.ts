import { assert } from "../base/assert.ts";
import { Machine } from "../machine/machine.ts";
import { configurationOf } from "../raft/configuration.ts";
import { RaftNode } from "../raft/node.ts";
import type { LogStore, RecoveredLog } from "../storage/log_store.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import { decodeIdentity, encodeIdentity, type ReplicaIdentity } from "./identity.ts";
import {
  DEFAULT_TIMING,
  type ReplicaOptions,
  TICKS_PER_HEARTBEAT,
  type Timing,
} from "./options.ts";
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
    const machine = await restoreMachine(identity, recovered);
    const raft = makeRaft(options, timing, identity, recovered);
    const transport = options.connect(identity);
    options.onEvent?.({
      type: "recovered",
      index: recovered.entries.at(-1)?.index ?? recovered.snapshot?.manifest.index ?? 0,
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
      epoch: recovered.epoch,
      snapshot: recovered.snapshot?.manifest ?? { index: 0, term: 0 },
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
  await storage.saveIdentity(encodeIdentity(bootstrap));
  return bootstrap;
}

async function restoreMachine(
  identity: ReplicaIdentity,
  { snapshot }: RecoveredLog,
): Promise<Machine> {
  const machine = new Machine();
  if (snapshot === null) {
    machine.members.bootstrap(
      identity.initialMembers.map((member) => ({
        ...member,
        clientUrls: [],
        instanceId: new Uint8Array(0),
      })),
    );
    return machine;
  }
  const segments = [];
  for (const { id, byteLength } of snapshot.manifest.segments) {
    segments.push({ id, byteLength, bytes: await snapshot.readSegment(id) });
  }
  machine.restore(snapshot.manifest.header, segments);
  return machine;
}

function makeRaft(
  options: ReplicaOptions,
  timing: Timing,
  identity: ReplicaIdentity,
  { hardState, snapshot, entries }: RecoveredLog,
): RaftNode {
  const tickMs = timing.heartbeatIntervalMs / TICKS_PER_HEARTBEAT;
  const members = identity.initialMembers;
  const initial = {
    ...configurationOf(members.filter(({ isLearner }) => !isLearner).map(({ id }) => id)),
    learners: configurationOf(members.filter(({ isLearner }) => isLearner).map(({ id }) => id))
      .voters,
  };
  return new RaftNode({
    id: identity.memberId,
    electionTicks: Math.ceil(timing.electionTimeoutMs / tickMs),
    heartbeatTicks: TICKS_PER_HEARTBEAT,
    prng: options.prng,
    recovered: {
      hardState,
      snapshot: snapshot?.manifest ?? null,
      entries,
      configuration: snapshot?.manifest.configuration ?? initial,
    },
  });
}
