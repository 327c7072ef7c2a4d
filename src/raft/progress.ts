import { assert } from "../base/assert.ts";
import type { Inflights } from "./inflights.ts";

/**
 * How the leader treats a follower:
 *
 *     probe ──accepted──▶ replicate ──rejected, unreachable──▶ probe
 *       └──── the next entry is compacted ────▶ snapshot ──caught up──▶ replicate
 *
 * *probe*: one message at a time, to find where the logs agree. *replicate*: entries are sent ahead,
 * within the window. *snapshot*: no entries until the follower has installed one.
 */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** What the leader knows about one follower. Invariant: `match < next`. */
export class Progress {
  state: ProgressState = "probe";
  /** The follower's log equals the leader's through here, durably. */
  match = 0;
  /** The next entry to send; in state replicate everything in between is on its way. */
  next: number;
  /** The highest commit index that was sent. */
  #sentCommit = 0;
  /** Nothing is sent before the follower gives a sign of life. */
  paused = false;
  /** The next message goes out even if it carries no entries. */
  pokeDue = true;
  /** The index of the snapshot that the follower was told to fetch; zero in other states. */
  snapshotIndex = 0;
  /** Ticks since the follower was told, or was last seen fetching. */
  snapshotTicks = 0;
  /** The tick at which the follower was last heard from. */
  activeTick: number;
  readonly inflights: Inflights;

  constructor(next: number, activeTick: number, inflights: Inflights) {
    this.next = next;
    this.activeTick = activeTick;
    this.inflights = inflights;
  }

  #enter(state: ProgressState, next: number): void {
    this.state = state;
    this.next = next;
    this.paused = false;
    this.snapshotIndex = 0;
    this.snapshotTicks = 0;
    this.inflights.reset();
    this.#sentCommit = Math.min(this.#sentCommit, next - 1);
  }

  /** Looks for the point of agreement from what is known to match. */
  becomeProbe(): void {
    this.#enter("probe", this.match + 1);
    this.pokeDue = true;
  }

  /** Sends ahead from what is known to match. */
  becomeReplicate(): void {
    this.#enter("replicate", this.match + 1);
  }

  /** Waits until the follower has installed the snapshot at `index`. */
  becomeSnapshot(index: number): void {
    this.#enter("snapshot", Math.max(index, this.match) + 1);
    this.snapshotIndex = index;
    this.#sentCommit = this.next - 1;
  }

  /** Whether an empty message would tell the follower of a commit index that it can use. */
  canRaiseCommit(commit: number): boolean {
    return commit > this.#sentCommit && this.#sentCommit < this.next - 1;
  }

  /** An append message with these entries was sent. */
  sentAppend(entryCount: number, bytes: number, commit: number): void {
    this.pokeDue = false;
    this.#sentCommit = commit;
    if (this.state === "probe") {
      this.paused = true;
      return;
    }
    assert(this.state === "replicate", `Entries must not be sent in state ${this.state}`);
    if (entryCount > 0) {
      this.next += entryCount;
      this.inflights.add(this.next - 1, bytes);
    }
    // With a full window a message now and then still probes, or lost answers would stall it.
    this.paused = this.inflights.full;
  }

  /** A heartbeat with this commit index was sent. */
  sentHeartbeat(commit: number): void {
    this.#sentCommit = commit;
  }

  /** The follower has the log through `index`. @returns Whether that is news. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.paused = false;
    return true;
  }

  /**
   * The follower refused a message after `rejectedIndex` and agrees at `hintIndex` at most.
   *
   * @returns Whether that is news and not the late answer to an earlier message.
   */
  maybeDecrease(rejectedIndex: number, hintIndex: number): boolean {
    if (this.state === "snapshot" || rejectedIndex <= this.match) return false;
    if (this.state === "replicate") {
      this.becomeProbe();
      return true;
    }
    if (rejectedIndex !== this.next - 1) return false;
    this.next = Math.max(Math.min(rejectedIndex, hintIndex + 1), this.match + 1);
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
    this.paused = false;
    this.pokeDue = true;
    return true;
  }
}
