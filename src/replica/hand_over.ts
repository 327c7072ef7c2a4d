import { ByteWriter } from "../base/byte_writer.ts";
import { NO_MEMBER } from "../base/ids.ts";
import { type Command, decodeBatch, encodeBatch, stampBatch } from "../machine/command.ts";
import type { RaftNode } from "../raft/node.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import type { InflightBatch, Proposals } from "./proposals.ts";

/** A batch handed to a leader is handed over again when it has not been applied after this long. */
const RESEND_MS = 1_000;
/** Batches that a follower has with the leader at a time; the rest gathers and makes larger ones. */
const FORWARDED_BATCHES_MAX = 4;

/** Brings commands to the leader, be it this replica or another. */
export class HandOver {
  readonly #raft: RaftNode;
  readonly #proposals: Proposals;
  readonly #transport: PeerTransport;
  readonly #stampMs: () => number;

  /** @param stampMs The leader's reading of the lease clock, for what it puts into its log. */
  constructor(
    raft: RaftNode,
    proposals: Proposals,
    transport: PeerTransport,
    stampMs: () => number,
  ) {
    this.#raft = raft;
    this.#proposals = proposals;
    this.#transport = transport;
    this.#stampMs = stampMs;
  }

  /**
   * Hands over what is due: batches that a lost leader may have dropped, then what has gathered.
   *
   * @param isWriting Whether storage is busy: a leader's batches grow meanwhile.
   */
  run(nowMs: number, isWriting: boolean): void {
    const raft = this.#raft;
    const proposals = this.#proposals;
    if (raft.leader === NO_MEMBER) return;
    for (const batch of proposals.inflight()) {
      const isNewLeader = batch.sentLeader !== raft.leader || batch.sentTerm !== raft.term;
      const isLate = !raft.isLeader && nowMs - batch.sentMs >= RESEND_MS;
      if ((isNewLeader || isLate) && !this.#hand(batch, nowMs)) return;
    }
    while (proposals.hasGathered) {
      const isHeldBack = raft.isLeader
        ? isWriting
        : proposals.inflightCount >= FORWARDED_BATCHES_MAX;
      const batch = isHeldBack ? null : proposals.nextBatch();
      if (batch === null || !this.#hand(batch, nowMs)) return;
    }
  }

  /** @returns whether the batch is on its way; if not, a later turn tries again. */
  #hand(batch: InflightBatch, nowMs: number): boolean {
    const raft = this.#raft;
    if (raft.isLeader) {
      if (!this.#propose(batch.bytes)) return false;
    } else {
      this.#transport.send(raft.leader, [{ type: "forward", batch: batch.bytes }]);
    }
    batch.sentLeader = raft.leader;
    batch.sentTerm = raft.term;
    batch.sentMs = nowMs;
    return true;
  }

  /** Takes a batch that another replica hands to this one. If it does not lead, the batch is lost. */
  take(batch: Uint8Array): void {
    // Safety: what does not decode must never reach the log, where it would stop every replica.
    if (this.#raft.isLeader && isBatch(batch)) this.#propose(batch);
  }

  /** Puts the leader's own commands into its log, in this term or never. Nobody waits for them. */
  proposeAsLeader(commands: readonly Command[]): void {
    const writer = new ByteWriter();
    encodeBatch({ origin: NO_MEMBER, incarnation: 0, number: 0, commands }, writer);
    this.#propose(writer.view());
  }

  /** @returns whether the batch is in this leader's log. */
  #propose(batch: Uint8Array): boolean {
    return this.#raft.propose([stampBatch(batch, this.#stampMs())]) === "accepted";
  }
}

function isBatch(bytes: Uint8Array): boolean {
  try {
    return decodeBatch(bytes).commands.length > 0;
  } catch {
    return false;
  }
}
