import { type MemberId, NO_MEMBER } from "../../../src/base/ids.ts";
import type { PeerMessage } from "../../../src/transport/peer_message.ts";
import type { Verdict } from "../verdict.ts";
import type { Chosen } from "./chosen.ts";
import type { DurableLog } from "./durable_log.ts";

/**
 * What replicas say to each other: at most one leader in a term (Election Safety, Raft §5.2), one vote
 * of each replica, and nothing said before what it speaks of is durable.
 */
export class Elections {
  readonly #leaders = new Map<number, MemberId>();
  /** Whom each replica gave its vote, by "replica@term". */
  readonly #votes = new Map<string, MemberId>();
  readonly #verdict: Verdict;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  /** A replica leads: it must hold all that was committed before its term (Leader Completeness). */
  elected(leader: MemberId, term: number, log: DurableLog, chosen: Chosen): void {
    if (!this.#leads(leader, term)) return;
    this.#verdict.count("elections");
    const must = chosen.newestBefore(term);
    if (must === null || must.index <= log.snapshotIndex) return;
    const here = log.termAt(must.index);
    if (here === must.term || here === null) return;
    this.#verdict.report(
      "leader completeness",
      `${leader} leads term ${term} without the committed entry ${must.index} of term ${must.term}`,
    );
  }

  /** @returns whether that is news. */
  #leads(leader: MemberId, term: number): boolean {
    const known = this.#leaders.get(term);
    if (known === leader) return false;
    this.#leaders.set(term, leader);
    if (known !== undefined) {
      this.#verdict.report("election safety", `${known} and ${leader} both lead term ${term}`);
    }
    return true;
  }

  /** A replica sends a message. */
  sent(message: PeerMessage, log: DurableLog): void {
    switch (message.type) {
      case "append":
      case "heartbeat":
      case "snapshot":
        return this.#checkLeader(message.from, message.term);
      case "vote":
        if (!message.preVote) this.#checkVote(message.from, message.from, message.term, log);
        return;
      case "voteAnswer":
        if (message.granted && !message.preVote) {
          this.#checkVote(message.from, message.to, message.term, log);
        }
        return;
      case "appendAnswer":
        if (!message.rejected && log.lastIndex < message.index) {
          this.#verdict.report(
            "durable before said",
            `${message.from} acknowledges entry ${message.index}, but holds ${log.lastIndex}`,
          );
        }
    }
  }

  #checkLeader(from: MemberId, term: number): void {
    if (this.#leaders.get(term) !== from) this.#leads(from, term);
  }

  #checkVote(voter: MemberId, candidate: MemberId, term: number, log: DurableLog): void {
    const key = `${voter}@${term}`;
    const known = this.#votes.get(key);
    this.#votes.set(key, candidate);
    if (known !== undefined && known !== candidate) {
      this.#verdict.report(
        "one vote",
        `${voter} votes for ${known} and for ${candidate} in term ${term}`,
      );
    }
    const { hardState } = log;
    if (hardState.term > term) return;
    if (hardState.term < term || hardState.vote !== candidate || candidate === NO_MEMBER) {
      this.#verdict.report(
        "durable before said",
        `${voter} votes for ${candidate} in term ${term}, which is not durable`,
      );
    }
  }
}
