import { assert } from "../base/assert.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";
import { ENTRY_BYTES_MAX, UNCOMMITTED_BYTES_MAX } from "../base/limits.ts";
import type { CommandResult } from "../machine/result.ts";
import { type CommandKind, encodeBatch, type RequestIdentity } from "../machine/command.ts";
import { ReplicaError } from "./errors.ts";

/** A command whose answer somebody waits for. */
interface PendingCommand {
  readonly kind: CommandKind;
  readonly body: Uint8Array;
  readonly identity: RequestIdentity | null;
  readonly deadlineMs: number;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch that has been made and whose fate is not known yet. */
export interface InflightBatch {
  readonly number: number;
  /** The entry's payload; sent again as it is, so that it is applied once. */
  readonly bytes: Uint8Array;
  /** To which leader of which term it was handed last, and when; zero before. */
  sentLeader: MemberId;
  sentTerm: number;
  sentMs: number;
}

interface Inflight extends InflightBatch {
  readonly commands: readonly PendingCommand[];
  readonly deadlineMs: number;
}

/** What a command adds to a batch beyond its body, generously. */
const COMMAND_OVERHEAD_BYTES = 32;

/**
 * The commands on their way through this replica: gathered between two turns of the loop, then in
 * flight as numbered batches until the state machine has applied them here.
 *
 * A batch in flight may be handed to one leader after another: the state machine applies each number
 * once, so a write survives the loss of a leader or of a message without being doubled.
 */
export class Proposals {
  readonly #origin: MemberId;
  readonly #incarnation: number;
  readonly #writer = new ByteWriter(4096);
  #gathered: PendingCommand[] = [];
  #inflight = new Map<number, Inflight>();
  #lastNumber = 0;
  /** Bytes of commands gathered and in flight. Invariant: at most the limit plus one request. */
  #byteLength = 0;
  #failedCount = 0;

  constructor(origin: MemberId, incarnation: number) {
    this.#origin = origin;
    this.#incarnation = incarnation;
  }

  /** Whether commands wait to be made into a batch. */
  get hasGathered(): boolean {
    return this.#gathered.length > 0;
  }

  /** How many commands wait for their outcome. */
  get pendingCount(): number {
    let count = this.#gathered.length;
    for (const { commands } of this.#inflight.values()) count += commands.length;
    return count;
  }

  /** How many commands were given up or refused. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /** How many batches are in flight. */
  get inflightCount(): number {
    return this.#inflight.size;
  }

  /**
   * Takes a command in.
   *
   * @returns the outcome once the command has been applied here.
   * @throws {ReplicaError} "too many requests" when the queue is full, "timed out" at the deadline.
   */
  add(
    kind: CommandKind,
    body: Uint8Array,
    identity: RequestIdentity | null,
    deadlineMs: number,
    signal?: AbortSignal,
  ): Promise<CommandResult> {
    if (this.#byteLength >= UNCOMMITTED_BYTES_MAX) {
      this.#failedCount++;
      return Promise.reject(
        new ReplicaError(
          "too many requests",
          `Cannot take the request: ${this.#byteLength} bytes wait for agreement; try again later`,
        ),
      );
    }
    this.#byteLength += body.length + COMMAND_OVERHEAD_BYTES;
    return new Promise((resolve, reject) => {
      let command: PendingCommand = { kind, body, identity, deadlineMs, resolve, reject };
      if (signal !== undefined) command = withSignal(command, signal);
      this.#gathered.push(command);
    });
  }

  /** Makes the commands gathered so far into a batch, up to the limit of an entry. */
  nextBatch(): InflightBatch | null {
    if (this.#gathered.length === 0) return null;
    let count = 0;
    let byteLength = 0;
    for (const { body } of this.#gathered) {
      byteLength += body.length + COMMAND_OVERHEAD_BYTES;
      if (count > 0 && byteLength > ENTRY_BYTES_MAX) break;
      count++;
    }
    const commands = count === this.#gathered.length
      ? this.#gathered
      : this.#gathered.slice(0, count);
    this.#gathered = count === this.#gathered.length ? [] : this.#gathered.slice(count);
    const number = ++this.#lastNumber;
    this.#writer.reset();
    encodeBatch(
      { origin: this.#origin, incarnation: this.#incarnation, number, commands },
      this.#writer,
    );
    const batch: Inflight = {
      number,
      bytes: this.#writer.copy(),
      commands,
      deadlineMs: commands[commands.length - 1].deadlineMs,
      sentLeader: 0n,
      sentTerm: 0,
      sentMs: 0,
    };
    this.#inflight.set(number, batch);
    return batch;
  }

  /** The batches in flight, oldest first. */
  inflight(): Iterable<InflightBatch> {
    return this.#inflight.values();
  }

  /** Whether a batch that was applied is one that somebody here waits for. */
  isOurs(origin: MemberId, incarnation: number): boolean {
    return origin === this.#origin && incarnation === this.#incarnation;
  }

  /** Answers the commands of batch `number`, which has been applied for the first time. */
  settle(number: number, results: readonly CommandResult[]): void {
    const batch = this.#inflight.get(number);
    if (batch === undefined) return;
    assert(batch.commands.length === results.length, "A batch has a result for each command");
    this.#forget(batch);
    for (let i = 0; i < results.length; i++) batch.commands[i].resolve(results[i]);
  }

  /** Gives up what has waited past its deadline. */
  expire(nowMs: number): void {
    for (const batch of this.#inflight.values()) {
      if (batch.deadlineMs > nowMs) continue;
      this.#forget(batch);
      this.#failedCount += batch.commands.length;
      for (const command of batch.commands) command.reject(timedOut());
    }
    let expired = 0;
    while (expired < this.#gathered.length && this.#gathered[expired].deadlineMs <= nowMs) {
      const command = this.#gathered[expired++];
      this.#byteLength -= command.body.length + COMMAND_OVERHEAD_BYTES;
      command.reject(timedOut());
    }
    this.#failedCount += expired;
    if (expired > 0) this.#gathered = this.#gathered.slice(expired);
  }

  /** Refuses everything that waits. */
  rejectAll(error: Error): void {
    const waiting = [...this.#inflight.values()].flatMap((batch) => batch.commands);
    waiting.push(...this.#gathered);
    this.#inflight.clear();
    this.#gathered = [];
    this.#byteLength = 0;
    this.#failedCount += waiting.length;
    for (const command of waiting) command.reject(error);
  }

  #forget(batch: Inflight): void {
    this.#inflight.delete(batch.number);
    for (const { body } of batch.commands) this.#byteLength -= body.length + COMMAND_OVERHEAD_BYTES;
  }
}

function timedOut(): ReplicaError {
  return new ReplicaError(
    "timed out",
    "The request was not agreed on in time: it may or may not take effect; read before trying again",
  );
}

/** Lets `signal` end the waiting. The command itself goes on: it cannot be called back. */
function withSignal(command: PendingCommand, signal: AbortSignal): PendingCommand {
  const { resolve, reject } = command;
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    ...command,
    resolve: (result) => {
      signal.removeEventListener("abort", onAbort);
      resolve(result);
    },
    reject: (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    },
  };
}
