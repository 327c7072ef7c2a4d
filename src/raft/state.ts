import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { type Configuration, isMember } from "./configuration.ts";
import type { HardState } from "./hard_state.ts";
import { RaftLog } from "./log.ts";
import type { Message } from "./message.ts";
import type { RaftSettings, RecoveredState } from "./options.ts";
import type { Progress } from "./progress.ts";
import { ReadQueue } from "./read_queue.ts";
import type { ReadState, Role, Write } from "./ready.ts";

/**
 * Everything one replica's Raft knows, as a record. The duties are functions over it, each in its own
 * file; `node.ts` dispatches to them and is the only one that callers see.
 */
export class RaftState {
  readonly settings: RaftSettings;
  readonly id: MemberId;
  readonly log: RaftLog;

  /** Invariant: never falls; `vote` is for this term. */
  term: number;
  vote: MemberId;
  role: Role = "follower";
  leader: MemberId = NO_MEMBER;
  /** The applied configuration. Why applied and not appended: docs/raft.md. */
  configuration: Configuration;

  /** Ticks since the start of this process. */
  ticks = 0;
  /** Ticks since the leader was heard from, a vote was given, or a campaign began. */
  electionElapsed = 0;
  /** After how many ticks this replica campaigns, drawn anew with every reset. */
  electionTimeout = 0;
  heartbeatElapsed = 0;

  /** The votes of the campaign under way. */
  readonly votes: Map<MemberId, boolean> = new Map();
  /** Invariant: on a leader it holds every member but itself, elsewhere it is empty. */
  readonly progress: Map<MemberId, Progress> = new Map();
  readonly reads: ReadQueue = new ReadQueue();
  /** To whom leadership is being handed over, and for how long (thesis §3.10). */
  transferee: MemberId = NO_MEMBER;
  transferElapsed = 0;
  timeoutNowSent = false;
  /** When the newest round of heartbeats began that a quorum answered in this term. */
  leaseTick = -Infinity;
  /** Safety: a member was told to campaign, so voters may leave this leader within its lease. */
  leaseRevoked = false;
  /** The leader told this replica to campaign, which waits until the configuration is applied. */
  campaignDue = false;
  /** No change of the configuration may be proposed before this index is applied (thesis §4.1). */
  pendingConfigurationIndex = 0;
  /** The bytes of this leader's entries that are not committed. */
  uncommittedBytes = 0;

  /** Messages that may go out at once. */
  messages: Message[] = [];
  /** Messages that must wait until all of term, vote and log, as they are now, is durable. */
  promises: Message[] = [];
  readStates: ReadState[] = [];
  /** Followers may be owed append messages; they are made when the turn ends. */
  sendsDue = false;

  /** The last hard state that a write carried. */
  handedHardState: HardState;
  /** The last hard state that is durable. */
  durableHardState: HardState;
  /** The write under way. */
  writing: Write | null = null;

  constructor(settings: RaftSettings, recovered: RecoveredState) {
    this.settings = settings;
    this.id = settings.id;
    this.log = new RaftLog(recovered);
    this.term = recovered.hardState.term;
    this.vote = recovered.hardState.vote;
    this.configuration = recovered.configuration;
    this.handedHardState = this.durableHardState = recovered.hardState;
  }

  get isVoter(): boolean {
    const { voters, outgoing } = this.configuration;
    return voters.includes(this.id) || outgoing.includes(this.id);
  }

  /** Whether this replica may campaign. A snapshot that is not durable yet forbids it. */
  get isPromotable(): boolean {
    return this.isVoter && this.log.pendingSnapshot === null;
  }

  /** Whether this leader's term has a committed entry. Before that it cannot know what is committed. */
  get hasCommittedInTerm(): boolean {
    return this.log.termAt(this.log.commit) === this.term;
  }

  isMember(id: MemberId): boolean {
    return isMember(this.configuration, id);
  }
}
