import type { ClusterId, MemberId } from "../base/ids.ts";
import { REQUEST_BYTES_MAX, REQUEST_TIMEOUT_BASE_MS } from "../base/limits.ts";
import type { Machine } from "../machine/machine.ts";
import type { CommandResult } from "../machine/result.ts";
import type { CommandKind, RequestIdentity } from "../machine/command.ts";
import { ReplicaError } from "./errors.ts";
import { Loop } from "./loop.ts";
import { type OpenedParts, openParts } from "./open.ts";
import type { ReplicaOptions } from "./options.ts";
import { publishAttributes } from "./publish.ts";
import type { ReplicaStatus } from "./status.ts";

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
  /** Resolves when the replica is no more: with the failure, or with undefined after `close`. */
  readonly closed: Promise<Error | undefined>;
  readonly #parts: OpenedParts;
  readonly #loop: Loop;
  readonly #requestTimeoutMs: number;
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
    this.#requestTimeoutMs = REQUEST_TIMEOUT_BASE_MS + 2 * parts.timing.electionTimeoutMs;
    const { onEvent } = parts.options;
    this.#loop = new Loop({
      ...parts,
      options: {
        ...parts.options,
        onEvent: (event) => {
          if (event.type === "failed") this.#closeAfter(event.error);
          onEvent?.(event);
        },
      },
    });
    this.#loop.schedule();
    const { attributes, clock } = parts.options;
    this.#publishing = publishAttributes(this, parts.identity, attributes, clock)
      .catch((error) => this.#loop.fail(error));
  }

  /**
   * Opens the storage, restores what it holds and joins the cluster. It does not wait for a leader.
   *
   * @throws {StorageError} when the storage cannot be used; the message says why and what to do.
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    return new Replica(await openParts(options));
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
    const deadlineMs = this.#parts.options.clock.nowMs() + this.#requestTimeoutMs;
    const result = this.#parts.proposals.add(
      kind,
      body,
      options.identity ?? null,
      deadlineMs,
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
    const deadlineMs = this.#parts.options.clock.nowMs() + this.#requestTimeoutMs;
    const served = this.#parts.barriers.add(deadlineMs, options.signal);
    this.#loop.schedule();
    return served;
  }

  /** What this replica knows of itself and its cluster right now. */
  status(): ReplicaStatus {
    const { clusterId, memberId } = this;
    const { role, leader, term, commit, applied, lastIndex, configuration } = this.#parts.raft
      .status();
    return {
      clusterId,
      memberId,
      role,
      leader,
      term,
      commitIndex: commit,
      appliedIndex: applied,
      lastIndex,
      configuration,
      storageBytes: this.#parts.storage.byteLength(),
    };
  }

  /** Stops the replica and closes its storage and connections. Waiting requests are refused. */
  close(): Promise<void> {
    return this.#closeAfter(undefined);
  }

  /** The same as {@linkcode Replica.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stopped(): ReplicaError | null {
    const { failure } = this.#loop;
    if (failure !== null) {
      return new ReplicaError("stopped", `The replica has stopped: ${failure.message}`);
    }
    if (this.#closing === null) return null;
    return new ReplicaError("stopped", "The replica is closing: ask another one");
  }

  #closeAfter(error: Error | undefined): Promise<void> {
    this.#closing ??= this.#shutDown(error);
    return this.#closing;
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
