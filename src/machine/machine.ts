import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { LeaseId } from "../base/ids.ts";
import { LeaseTable } from "../lease/lease_table.ts";
import { hashBytes } from "../mvcc/key_hash.ts";
import { type MvccOptions, MvccStore } from "../mvcc/store.ts";
import { WatchHub } from "../mvcc/watch_hub.ts";
import {
  type BatchOrigin,
  type Command,
  decodeBatchHead,
  decodeCommand,
  decodeStamp,
  type RequestIdentity,
} from "../proto/command.ts";
import { AlarmTable } from "./alarms.ts";
import { AuthTable } from "./auth_table.ts";
import { applyCommand, decodeResponse, encodeResponse } from "./commands.ts";
import { IDENTITY_RESPONSE_BYTES_MAX, IdentityTable, type StoredResult } from "./identity_table.ts";
import { LOOK_AHEAD_COMMANDS, lookAhead } from "./look_ahead.ts";
import {
  type MachineSnapshot,
  openHeader,
  restoreTables,
  type SnapshotPart,
  writeHeader,
} from "./machine_snapshot.ts";
import type { Member } from "./member.ts";
import type { MembershipChange } from "./membership_change.ts";
import { MembersTable } from "./members.ts";
import type { MachineState } from "./outcome.ts";
import { ProposerTable } from "./proposer_table.ts";
import type { CommandResult, Reason } from "./result.ts";

/**
 * How many bytes of records one batch helps to compact. Safety: a constant, because replicas must
 * rewrite the same segments at the same place in the log to have equal segments.
 */
const COMPACTION_STEP_BYTES = 1_048_576;

/** How a machine is made. All but `hashSeed` must be equal on all replicas of a cluster. */
export interface MachineOptions extends MvccOptions {
  /** How many bytes of records one batch helps to compact. */
  readonly compactionStepBytes?: number;
}

/** What became of a batch. */
export interface AppliedBatch extends BatchOrigin {
  /** Whether it had been applied before (or cannot be told from such); then there are no results. */
  readonly duplicate: boolean;
  /** One for each command, in order. */
  readonly results: readonly CommandResult[];
}

/**
 * The replicated state machine: everything that the log decides. It never waits, knows no time but
 * the stamps in the log, and no two replicas that applied the same entries can be told apart.
 *
 * Invariant: `apply` and `applyMembershipChange` are called once for each committed entry, in the
 * order of the log, and nothing else changes the machine but `bootstrap` of its members and `refound`
 * before the first entry, and `restore`.
 */
export class Machine {
  /** Keys and values. */
  readonly store: MvccStore;
  /** What watchers follow; it hears of each revision when its command has ended. */
  readonly watches: WatchHub;
  /** Leases and what is attached to them. */
  readonly leases: LeaseTable = new LeaseTable();
  /** Who is in the cluster. */
  readonly members: MembersTable = new MembersTable();
  /** What is wrong. */
  readonly alarms: AlarmTable = new AlarmTable();
  /** Who there is, and what they may do. */
  readonly auth: AuthTable = new AuthTable();

  readonly #writer = new ByteWriter();
  readonly #compactionStepBytes: number;
  readonly #proposers = new ProposerTable();
  readonly #identities = new IdentityTable();
  readonly #state: MachineState;
  /** What the snapshot's header holds beside the store's, in this order. */
  readonly #tables: readonly SnapshotPart[];

  constructor({ compactionStepBytes, ...options }: MachineOptions = {}) {
    this.#compactionStepBytes = compactionStepBytes ?? COMPACTION_STEP_BYTES;
    this.store = new MvccStore(options);
    this.watches = new WatchHub(this.store);
    const { store, leases, members, alarms, auth } = this;
    store.leases = {
      attach: (lease, key) => leases.attach(lease, key),
      detach: (_lease, key) => leases.detach(key),
    };
    const leaseExists = (lease: LeaseId) => leases.has(lease);
    this.#state = { store, leases, members, alarms, auth, leaseExists };
    this.#tables = [leases, members, alarms, this.#proposers, this.#identities, auth];
  }

  /** Whether space waits to be freed: each further batch, also an empty one, does a step of it. */
  get isCompacting(): boolean {
    return this.store.compacting;
  }

  /**
   * Applies the payload of a command entry.
   *
   * @throws {MalformedBytesError} if the bytes are not a batch that this program knows. The replica
   * must stop then: to pass over what others apply would be to diverge.
   */
  apply(data: Uint8Array): AppliedBatch {
    const reader = new ByteReader(data);
    this.leases.advance(decodeStamp(reader));
    const { origin, incarnation, number, count } = decodeBatchHead(reader);
    const results: CommandResult[] = [];
    // Safety: a removed replica's window is forgotten, so nothing of it may be applied any more.
    const duplicate = this.members.wasRemoved(origin) ||
      !this.#proposers.admit(origin, incarnation, number);
    if (!duplicate) {
      while (results.length < count) {
        const commands: Command[] = [];
        const countNow = Math.min(count - results.length, LOOK_AHEAD_COMMANDS);
        while (commands.length < countNow) commands.push(decodeCommand(reader));
        lookAhead(this.store, commands);
        for (const command of commands) results.push(this.#applyCommand(command));
      }
      if (reader.remaining > 0) {
        throw new MalformedBytesError(
          `Cannot apply a batch with ${reader.remaining} bytes too many`,
        );
      }
    }
    this.store.compactStep(this.#compactionStepBytes);
    return { origin, incarnation, number, duplicate, results };
  }

  /** Applies the members' side of a configuration entry; a reason means that nothing changed. */
  applyMembershipChange(change: MembershipChange): Reason | null {
    const reason = this.members.apply(change);
    if (reason === null && change.kind === "remove") this.#proposers.forget(change.id);
    return reason;
  }

  #applyCommand({ kind, body, identity }: Command): CommandResult {
    if (identity === null) return this.#run(kind, body);
    const known = this.#identities.find(identity);
    if (known !== null) return this.#recall(known, kind);
    const result = this.#run(kind, body);
    this.#keep(identity, kind, result);
    return result;
  }

  #run(kind: Command["kind"], body: Uint8Array): CommandResult {
    const outcome = applyCommand(this.#state, kind, body);
    const { revision } = this.store;
    if (typeof outcome === "string") return { reason: outcome, response: null, revision };
    return { reason: null, response: outcome, revision };
  }

  /** The answer that a retry gets. */
  #recall(known: StoredResult | "expired", kind: Command["kind"]): CommandResult {
    if (known === "expired") return refused("identity expired", this.store.revision);
    const { reason, response, revision } = known;
    if (known.kind !== kind) return refused("malformed command", revision);
    if (reason !== null) return refused(reason, revision);
    if (response === null) return refused("identity expired", revision);
    return { reason: null, response: decodeResponse(kind, response), revision };
  }

  #keep(identity: RequestIdentity, kind: Command["kind"], result: CommandResult): void {
    const { reason, revision } = result;
    let response: Uint8Array | null = null;
    if (reason === null) {
      const writer = this.#writer;
      writer.reset();
      encodeResponse(kind, result.response as object, writer);
      // Why shared: most answers, those to plain puts, have no bytes at all.
      if (writer.length === 0) response = EMPTY_BYTES;
      else if (writer.length <= IDENTITY_RESPONSE_BYTES_MAX) response = writer.copy();
    }
    this.#identities.record(identity, { kind, reason, revision, response });
  }

  /** The machine as it is, by reference: it costs as much as its small tables and its last segment. */
  snapshot(): MachineSnapshot {
    const { header, segments } = this.store.snapshot();
    return {
      header: writeHeader(header, this.#tables),
      segments: segments.map(({ id, bytes }) => ({ id, byteLength: bytes.length, bytes })),
    };
  }

  /**
   * Replaces everything by a snapshot. The bytes of the segments become the store's own.
   *
   * @throws {DamagedSnapshotError} if it is not intact. What a checksum finds leaves the machine as
   * it was; after any other damage it must not be used.
   */
  restore(header: Uint8Array, segments: readonly { readonly bytes: Uint8Array }[]): void {
    const steps = this.restoreInSteps(header, segments);
    while (!steps.next().done);
  }

  /**
   * The same in steps of some milliseconds. The machine is as it was until the last one, and nothing
   * may be applied to it meanwhile.
   */
  *restoreInSteps(
    header: Uint8Array,
    segments: readonly { readonly bytes: Uint8Array }[],
  ): Generator<void, void> {
    const open = openHeader(header);
    const pass = this.store.beginRestore(open.store, segments.map(({ bytes }) => bytes));
    while (!pass.step()) yield;
    this.store.endRestore(pass);
    restoreTables(open.tables, this.#tables);
    for (const { key, lease } of pass.leased) this.leases.attach(lease, key);
  }

  /**
   * Makes a restored state the beginning of another cluster: with other members, with none of the old
   * ones' batches, and without their alarms. Keys, leases and clients' requests stay.
   */
  refound(members: readonly Member[]): void {
    this.members.clear();
    this.members.bootstrap(members);
    this.alarms.clear();
    this.#proposers.clear();
  }

  /**
   * A digest of the whole state, equal on all replicas that applied the same entries. It costs a
   * snapshot; simulators and tests compare it.
   *
   * Why no CRC: the header holds CRC-32 sums of itself, over which a CRC-32 comes out constant.
   */
  hash(): number {
    return hashBytes(this.snapshot().header, 0);
  }
}

function refused(reason: Reason, revision: number): CommandResult {
  return { reason, response: null, revision };
}
