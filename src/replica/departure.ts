import type { Clock } from "../base/clock.ts";
import { formatId, NO_MEMBER } from "../base/ids.ts";
import type { RaftNode } from "../raft/node.ts";
import { ReplicaError } from "./errors.ts";

/** A removed replica looks after this long, and again, whether it may stop. */
const REMOVAL_GRACE_MS = 1_000;

/**
 * The end of a replica that was removed: the cluster goes on without it, and it stops once nobody
 * needs it any more. If no leader has told it of its removal, because it led itself or starts again,
 * that is when it hears of a later term: until then the others may need its vote to learn that they
 * are on their own.
 */
export class Departure {
  readonly #raft: RaftNode;
  readonly #clock: Clock;
  readonly #stop: (reason: ReplicaError) => void;
  #begun = false;

  /** @param stop Stops the replica; may be called after it has stopped for another reason. */
  constructor(raft: RaftNode, clock: Clock, stop: (reason: ReplicaError) => void) {
    this.#raft = raft;
    this.#clock = clock;
    this.#stop = stop;
  }

  /** The replica has learned that it was removed. @returns false if it knew that already. */
  begin(): boolean {
    if (this.#begun) return false;
    this.#begun = true;
    const { isLeader, leader, term } = this.#raft;
    // A leader tells nobody that a change is committed before it knows that for good.
    this.#stopLater(!isLeader && leader !== NO_MEMBER, term);
    return true;
  }

  #stopLater(isTold: boolean, term: number): void {
    const raft = this.#raft;
    this.#clock.after(REMOVAL_GRACE_MS, () => {
      if (!isTold && (raft.isLeader || raft.term === term)) return this.#stopLater(isTold, term);
      const reason = `The member ${formatId(raft.id)} has been removed from its cluster for good`;
      this.#stop(new ReplicaError("removed", reason));
    });
  }
}
