import { EMPTY_BYTES } from "../base/bytes.ts";
import { type ClusterId, type LeaseId, type MemberId, NO_MEMBER } from "../base/ids.ts";
import { REQUEST_BYTES_MAX, REQUEST_TIMEOUT_BASE_MS } from "../base/limits.ts";
import { leaseRenewal, renewedSeconds } from "../machine/lease_command.ts";
import type { Machine } from "../machine/machine.ts";
import {
  decodeMembershipChanges,
  encodeMembershipChanges,
  type MembershipChange,
} from "../machine/membership_change.ts";
import type { CommandResult } from "../machine/result.ts";
import { CommandKind, type RequestIdentity } from "../machine/command.ts";
import { countsOf } from "./counts.ts";
import { ReplicaError } from "./errors.ts";
import type { LeaseTime } from "./lease_keeper.ts";
import { Loop } from "./loop.ts";
import { type OpenedParts, openParts } from "./open.ts";
import type { ReplicaOptions } from "./options.ts";
import { publishAttributes } from "./publish.ts";
import type { ReplicaCounts, ReplicaStatus } from "./status.ts";

/** How often a transfer of leadership looks whether it has happened. */
const TRANSFER_POLL_MS = 20;

/** How a request waits. */
export interface WaitOptions {
  /** Ends the waiting with the signal's reason. What was proposed may still take effect. */
  readonly signal?: AbortSignal;
}

/** How a proposal waits and what it is called. */
export interface ProposeOptions extends WaitOptions {
  /** Makes a retry of the same request through any replica take effect once. */
  readonly identity?: RequestIdentity;
}

/**
 * One replica of a cluster: takes commands, agrees on them with the others, applies them, and keeps
 * what it promised through crashes.
 *
 * It runs from `open` until `close`, or until its storage fails; `closed` tells which.
 */
export class Replica implements AsyncDisposable {
  /** The cluster that the replica belongs to. */
  readonly clusterId: ClusterId;
  /** The replica's identity in its cluster. */
  readonly memberId: MemberId;
  /** The state machine, for reading only: what it holds is changed by the log alone. */
  readonly machine: Machine;
  /** Whether clients may ask it for everything also while it is a learner. */
  readonly servesAsLearner: boolean;
  /** Resolves when the replica is no more: with the failure, or with undefined after `close`. */
  readonly closed: Promise<Error | undefined>;
  readonly #parts: OpenedParts;
  readonly #loop: Loop;
  readonly #requestTimeoutMs: number;
  readonly #removed = Promise.withResolvers<void>();
  readonly #markClosed: (error: Error | undefined) => void;
  readonly #publishing: Promise<void>;
  #closing: Promise<void> | null = null;

  private constructor(parts: OpenedParts) {
    const closed = Promise.withResolvers<Error | undefined>();
    this.closed = closed.promise;
    this.#markClosed = closed.resolve;
    this.#parts = parts;
    this.clusterId = parts.identity.clusterId;
    this.memberId = parts.identity.memberId;
    this.machine = parts.machine;
    this.servesAsLearner = parts.options.servesAsLearner ?? false;
    this.#requestTimeoutMs = REQUEST_TIMEOUT_BASE_MS + 2 * parts.timing.electionTimeoutMs;
    const { onEvent } = parts.options;
    this.#loop = new Loop(parts, (event) => {
      if (event.type === "removed") this.#removed.resolve();
      if (event.type === "failed") this.#closing ??= this.#shutDown(event.error);
      onEvent?.(event);
    });
    this.#registerCalls();
    this.#loop.schedule();
    const { attributes, clock } = parts.options;
    this.#publishing = publishAttributes(this, parts.identity, attributes, clock)
      .catch((error) => this.#loop.fail(error));
  }

  /**
   * Opens the storage, restores what it holds and joins the cluster. It does not wait for a leader.
   *
   * @throws {StorageError} when the storage cannot be used; the message says why and what to do.
   * @throws {ReplicaError} "corrupt" when its data was to be compared and differs from that of most.
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const replica = new Replica(await openParts(options));
    if (options.checksDataAtStart === true) await replica.#checkData();
    return replica;
  }

  async #checkData(): Promise<void> {
    try {
      await this.#loop.upkeep.hashes.checkOwn();
    } catch (error) {
      this.#loop.fail(error);
      await this.#closing;
      throw error;
    }
  }

  /**
   * Proposes a command and waits until it has been applied here.
   *
   * @param body The request in etcd's encoding.
   * @returns the state machine's answer, which may be a refusal.
   * @throws {ReplicaError} when the command was not agreed on in time ("timed out"; it may still take
   * effect), or was not taken at all.
   */
  propose(
    kind: CommandKind,
    body: Uint8Array,
    options: ProposeOptions = {},
  ): Promise<CommandResult> {
    if (body.length > REQUEST_BYTES_MAX) {
      return Promise.reject(
        new ReplicaError(
          "request too large",
          `Cannot take a request of ${body.length} bytes: at most ${REQUEST_BYTES_MAX} are allowed`,
        ),
      );
    }
    const stopped = this.#stopped();
    if (stopped !== null) return Promise.reject(stopped);
    const result = this.#parts.proposals.add(
      kind,
      body,
      options.identity ?? null,
      this.#deadlineMs(),
      options.signal,
    );
    this.#loop.schedule();
    return result;
  }

  /**
   * Waits until the machine here has applied everything that was acknowledged anywhere before this
   * call: a read of the machine is then linearizable.
   *
   * @throws {ReplicaError} "timed out" when no leader could confirm in time.
   */
  linearize(options: WaitOptions = {}): Promise<void> {
    const stopped = this.#stopped();
    if (stopped !== null) return Promise.reject(stopped);
    const served = this.#parts.barriers.add(this.#deadlineMs(), options.signal);
    this.#loop.schedule();
    return served;
  }

  /**
   * Sets a lease back to its full time, through the log: what is promised outlives the leader.
   *
   * @returns the granted seconds, or zero if there is no such lease any more.
   * @throws {ReplicaError} as `propose`.
   */
  async renewLease(id: LeaseId, { signal }: WaitOptions = {}): Promise<number> {
    const options = signal === undefined ? {} : { signal };
    return renewedSeconds(await this.propose(CommandKind.LeaseRenew, leaseRenewal(id), options));
  }

  /** What a lease has left by the lease clock. @throws {ReplicaError} as `linearize`. */
  async leaseTime(id: LeaseId, options: WaitOptions = {}): Promise<LeaseTime> {
    await this.linearize(options);
    return this.#loop.leases.timeOf(id);
  }

  /**
   * Changes who takes part in the cluster, and returns when the change is applied here. Several
   * changes at once are made together or not at all: by joint consensus if more than one voter comes
   * or goes, so that no state in between can lose the quorum.
   *
   * @param options.force Overrules the check that a quorum is alive afterwards.
   * @throws {ReplicaError} with the reason why the change is not made, or "timed out" when it may
   * have been made.
   */
  async changeMembers(
    change: MembershipChange | readonly MembershipChange[],
    options: WaitOptions & { readonly force?: boolean } = {},
  ): Promise<void> {
    const method = options.force === true ? "members/force" : "members/change";
    const changes = "kind" in change ? [change] : change;
    if (changes.length === 0) return;
    const isMadeHere = this.status().leader === this.memberId;
    const changed = this.#call(method, encodeMembershipChanges(changes), options);
    // Nobody speaks to a replica that is removed: it may learn so before the answer, or instead of it.
    const isOwnEnd = changes.some(({ kind, id }) => kind === "remove" && id === this.memberId);
    if (isOwnEnd) return await Promise.race([changed.then(() => {}), this.#removed.promise]);
    await changed;
    // A leader answers when it has applied the change itself, and must not wait for more: the quorum
    // of one that grew to two comes only when the second member is started.
    if (!isMadeHere) await this.linearize(options);
  }

  /**
   * Hands leadership to another voter. Only the leader can.
   *
   * @throws {ReplicaError} "not leader", "bad transferee" or "transfer timed out".
   */
  transferLeadership(to: MemberId): Promise<void> {
    return this.#transfer(to, 2 * this.#parts.timing.electionTimeoutMs);
  }

  async #transfer(to: MemberId, timeoutMs: number): Promise<void> {
    const { raft, options } = this.#parts;
    const outcome = raft.transferLeadership(to);
    if (outcome === "alreadyLeader") return;
    if (outcome !== "started") {
      const reason = outcome === "notLeader" ? "not leader" : "bad transferee";
      throw new ReplicaError(reason, `Leadership cannot be handed over: ${reason}`);
    }
    this.#loop.schedule();
    const deadlineMs = options.clock.nowMs() + timeoutMs;
    while (raft.isLeader || raft.leader === NO_MEMBER) {
      if (options.clock.nowMs() >= deadlineMs) {
        throw new ReplicaError(
          "transfer timed out",
          "The other replica has not taken over in time",
        );
      }
      await new Promise<void>((resolve) => options.clock.after(TRANSFER_POLL_MS, resolve));
    }
  }

  /**
   * Whether a write of this estimated cost may be proposed; if not, the store would grow past its
   * quota, and whoever asked raises the alarm.
   */
  hasSpaceFor(costBytes: number): boolean {
    return this.#loop.upkeep.quota.admits(costBytes);
  }

  /** What this replica knows of itself and its cluster right now. */
  status(): ReplicaStatus {
    const { clusterId, memberId } = this;
    const { role, leader, term, commit, applied, lastIndex, configuration } = this.#parts.raft
      .status();
    // Raft is not told that its replica has failed: it is asked nothing any more.
    const hasFailed = this.#loop.failure !== null;
    return {
      clusterId,
      memberId,
      role: hasFailed ? "follower" : role,
      leader: hasFailed ? NO_MEMBER : leader,
      term,
      commitIndex: commit,
      appliedIndex: applied,
      lastIndex,
      configuration,
      storageBytes: this.#parts.storage.byteLength(),
      quotaBytes: this.#loop.upkeep.quota.limitBytes,
    };
  }

  /** What it has counted since it was opened. */
  counts(): ReplicaCounts {
    return countsOf(this.#parts.proposals, this.#parts.barriers);
  }

  /**
   * Stops the replica and closes its storage and connections. Waiting requests are refused. A leader
   * hands over first, so that the cluster goes on without an election timeout.
   */
  close(): Promise<void> {
    this.#closing ??= this.#resign().then(() => this.#shutDown(undefined));
    return this.#closing;
  }

  /** The same as {@linkcode Replica.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #registerCalls(): void {
    const { calls, changes } = this.#loop;
    for (const method of ["members/change", "members/force"]) {
      calls.handle(method, async (body) => {
        const changed = changes.change(decodeMembershipChanges(body), method === "members/force");
        this.#loop.schedule();
        await changed;
        return EMPTY_BYTES;
      });
    }
  }

  #call(
    method: string,
    body: Uint8Array,
    { signal }: WaitOptions,
  ): Promise<Uint8Array> {
    const stopped = this.#stopped();
    if (stopped !== null) return Promise.reject(stopped);
    const deadlineMs = this.#deadlineMs();
    return this.#loop.calls.call(method, body, {
      deadlineMs,
      isIdempotent: false,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #deadlineMs(): number {
    return this.#parts.options.clock.nowMs() + this.#requestTimeoutMs;
  }

  #stopped(): ReplicaError | null {
    const { failure } = this.#loop;
    if (failure !== null) {
      return new ReplicaError("stopped", `The replica has stopped: ${failure.message}`);
    }
    if (this.#closing === null) return null;
    return new ReplicaError("stopped", "The replica is closing: ask another one");
  }

  /** Hands leadership to the voter that has most of the log. If none takes it, it is lost anyway. */
  async #resign(): Promise<void> {
    const { raft, timing } = this.#parts;
    if (!raft.isLeader || this.#loop.failure !== null) return;
    const { configuration, progress } = raft.status();
    const voters = progress.filter(({ id, active }) => active && configuration.voters.includes(id));
    voters.sort((a, b) => b.match - a.match);
    if (voters.length === 0) return;
    try {
      await this.#transfer(voters[0].id, timing.electionTimeoutMs / 2);
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
    }
  }

  async #shutDown(error: Error | undefined): Promise<void> {
    try {
      await this.#loop.stop();
      await this.#publishing;
    } finally {
      try {
        await this.#parts.storage.close();
      } finally {
        this.#markClosed(error);
      }
    }
  }
}
