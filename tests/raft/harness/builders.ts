import { EMPTY_BYTES } from "../../../src/base/bytes.ts";
import { type Configuration, configurationOf } from "../../../src/raft/configuration.ts";
import type {
  ConfigurationChange,
  MemberChange,
  Transition,
} from "../../../src/raft/configuration_change.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type {
  AppendAnswer,
  AppendMessage,
  HeartbeatAnswer,
  HeartbeatMessage,
  Message,
  SnapshotMessage,
  VoteAnswer,
  VoteMessage,
} from "../../../src/raft/message.ts";
import { type TestOptions, TestReplica } from "./replica.ts";

/** Entries of these terms with consecutive indexes; the payload says which one it is. */
export function entries(from: number, ...terms: number[]): Entry[] {
  return terms.map((term, i) => ({
    term,
    index: from + i,
    kind: EntryKind.Command,
    data: new TextEncoder().encode(`${from + i}@${term}`),
  }));
}

/** Replica 1 of three voters, from a disk with these entries. */
export function replica(
  disk: { terms?: number[]; term?: number; vote?: bigint; commit?: number; voters?: Configuration },
  options: TestOptions = {},
): TestReplica {
  const voters = disk.voters ?? configurationOf([1n, 2n, 3n]);
  const made = new TestReplica(1n, voters, options);
  const terms = disk.terms ?? [];
  made.disk.entries = entries(1, ...terms);
  made.disk.hardState = {
    term: disk.term ?? terms.at(-1) ?? 0,
    vote: disk.vote ?? 0n,
    commit: disk.commit ?? 0,
  };
  made.restart();
  return made;
}

type Fields<T extends Message> = Partial<Omit<T, "type" | "from" | "to" | "term">>;

/** A request of replica `from` to replica 1. */
export function vote(from: bigint, term: number, fields: Fields<VoteMessage> = {}): VoteMessage {
  return {
    type: "vote",
    from,
    to: 1n,
    term,
    preVote: false,
    lastIndex: 0,
    lastTerm: 0,
    transfer: false,
    ...fields,
  };
}

/** An answer of replica `from` to replica 1. */
export function voteAnswer(
  from: bigint,
  term: number,
  fields: Fields<VoteAnswer> = {},
): VoteAnswer {
  return {
    type: "voteAnswer",
    from,
    to: 1n,
    term,
    preVote: false,
    granted: true,
    commit: 0,
    commitTerm: 0,
    ...fields,
  };
}

/** Entries of these terms after `prevIndex`, from replica `from` to replica 1. */
export function append(
  from: bigint,
  term: number,
  prevIndex: number,
  prevTerm: number,
  terms: number[] = [],
  commit = 0,
): AppendMessage {
  const sent = entries(prevIndex + 1, ...terms);
  return { type: "append", from, to: 1n, term, prevIndex, prevTerm, entries: sent, commit };
}

/** An answer of replica `from` to replica 1. */
export function appendAnswer(
  from: bigint,
  term: number,
  index: number,
  fields: Fields<AppendAnswer> = {},
): AppendAnswer {
  return {
    type: "appendAnswer",
    from,
    to: 1n,
    term,
    rejected: false,
    index,
    hintIndex: 0,
    hintTerm: 0,
    ...fields,
  };
}

/** A heartbeat of replica `from` to replica 1. */
export function heartbeat(
  from: bigint,
  term: number,
  fields: Fields<HeartbeatMessage> = {},
): HeartbeatMessage {
  return { type: "heartbeat", from, to: 1n, term, commit: 0, readContext: 0, ...fields };
}

/** An answer of replica `from` to replica 1. */
export function heartbeatAnswer(from: bigint, term: number, readContext = 0): HeartbeatAnswer {
  return { type: "heartbeatAnswer", from, to: 1n, term, readContext };
}

/** A snapshot of replica `from` for replica 1. */
export function snapshot(
  from: bigint,
  term: number,
  index: number,
  indexTerm: number,
  configuration: Configuration = configurationOf([1n, 2n, 3n]),
): SnapshotMessage {
  const meta = { index, term: indexTerm, configuration };
  return { type: "snapshot", from, to: 1n, term, snapshot: meta };
}

/** A change of the configuration. */
export function change(
  changes: MemberChange[],
  transition: Transition = "auto",
): ConfigurationChange {
  return { changes, transition, context: EMPTY_BYTES };
}

/** Makes replica 1 leader of its next term, with the vote of replica 2. */
export function lead(made: TestReplica): number {
  made.node.campaign();
  made.run();
  const term = made.node.term + (made.node.status().role === "preCandidate" ? 1 : 0);
  made.node.step(voteAnswer(2n, term, { preVote: true }));
  made.run();
  made.node.step(voteAnswer(2n, term));
  return term;
}

/** The messages of one type. */
export function only<T extends Message["type"]>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] {
  return messages.filter((message): message is Extract<Message, { type: T }> =>
    message.type === type
  );
}
