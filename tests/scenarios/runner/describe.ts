/** Raft's values as words, made from the values themselves and never from log lines. */
import type { Configuration } from "../../../src/raft/configuration.ts";
import { decodeConfigurationChange } from "../../../src/raft/configuration_change.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type { Message } from "../../../src/raft/message.ts";
import type { Ready, Write } from "../../../src/raft/ready.ts";
import type { RaftStatus } from "../../../src/raft/status.ts";

const decoder = new TextDecoder();

/** An entry as `index/term` and what it holds. */
export function describeEntry({ index, term, kind, data }: Entry): string {
  if (kind === EntryKind.Empty) return `${index}/${term} empty`;
  if (kind === EntryKind.Command) return `${index}/${term} "${decoder.decode(data)}"`;
  const { changes, transition } = decodeConfigurationChange(data);
  if (changes.length === 0) return `${index}/${term} leave joint`;
  const signs = { addVoter: "+", addLearner: "?", remove: "-" };
  const words = changes.map(({ kind, id }) => `${signs[kind]}${id}`).join(" ");
  return `${index}/${term} change ${words}${transition === "auto" ? "" : ` ${transition}`}`;
}

function describeEntries(entries: readonly Entry[]): string {
  return entries.map(describeEntry).join(", ");
}

/** Voters, then what is special about the configuration. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  let text = `voters ${voters.join(" ")}`;
  if (outgoing.length > 0) text += ` from ${outgoing.join(" ")}`;
  if (autoLeave) text += " (leaving by itself)";
  if (learners.length > 0) text += `, learners ${learners.join(" ")}`;
  if (learnersNext.length > 0) text += `, learners next ${learnersNext.join(" ")}`;
  return text;
}

/** Sender, receiver, type, term and what the type adds. */
export function describeMessage(message: Message): string {
  const { from, to, term } = message;
  return `${from}->${to} ${describeType(message)} term ${term}${describeContent(message)}`;
}

function describeType(message: Message): string {
  const preVote = (message.type === "vote" || message.type === "voteAnswer") && message.preVote;
  return preVote ? (message.type === "vote" ? "preVote" : "preVoteAnswer") : message.type;
}

function describeContent(message: Message): string {
  switch (message.type) {
    case "vote":
      return `, log ends at ${message.lastIndex}/${message.lastTerm}` +
        (message.transfer ? ", by transfer" : "");
    case "voteAnswer":
      if (message.granted) return ", granted";
      return `, refused, knows ${message.commit}/${message.commitTerm} committed`;
    case "append": {
      const { prevIndex, prevTerm, entries, commit } = message;
      const what = entries.length === 0 ? "" : ` [${describeEntries(entries)}]`;
      return `, after ${prevIndex}/${prevTerm}${what}, commit ${commit}`;
    }
    case "appendAnswer":
      return message.rejected
        ? `, refused at ${message.index}, try ${message.hintIndex}/${message.hintTerm}`
        : `, has through ${message.index}`;
    case "heartbeat":
      return `, commit ${message.commit}${round(message.readContext)}`;
    case "heartbeatAnswer":
      return round(message.readContext);
    case "snapshot": {
      const { index, term, configuration } = message.snapshot;
      return `, at ${index}/${term}, ${describeConfiguration(configuration)}`;
    }
    case "readIndex":
      return `, read #${message.context}`;
    case "readIndexAnswer":
      return `, read #${message.context} at ${message.index}`;
    case "timeoutNow":
      return "";
  }
}

function round(number: number): string {
  return number === 0 ? "" : `, round ${number}`;
}

/** What a write makes durable. */
export function describeWrite({ hardState, entries, snapshot }: Write): string {
  const parts: string[] = [];
  if (hardState !== null) {
    parts.push(`term ${hardState.term} vote ${hardState.vote} commit ${hardState.commit}`);
  }
  if (snapshot !== null) parts.push(`snapshot ${snapshot.index}/${snapshot.term}`);
  if (entries.length > 0) parts.push(describeEntries(entries));
  return parts.join("; ");
}

/** One turn's output, a line for each thing to do; messages last. */
export function describeReady(id: bigint, ready: Ready): string[] {
  const lines: string[] = [];
  const { roleChange, write, committed, reads, messages } = ready;
  if (roleChange !== null) {
    const { role, leader, term } = roleChange;
    const whom = role === "follower" ? (leader === 0n ? " of nobody" : ` of ${leader}`) : "";
    lines.push(`${id} is ${role}${whom} in term ${term}`);
  }
  if (write !== null) lines.push(`${id} writes ${describeWrite(write)}`);
  for (const entry of committed) lines.push(`${id} applies ${describeEntry(entry)}`);
  for (const { context, index } of reads) lines.push(`${id} may read #${context} at ${index}`);
  for (const message of messages) lines.push(`  ${describeMessage(message)}`);
  return lines;
}

/** Where a replica stands, and on a leader where it believes its followers to be. */
export function describeStatus(status: RaftStatus): string[] {
  const { id, role, term, leader, commit, applied, firstIndex, lastIndex, lastTerm } = status;
  const lines = [
    `${id} ${role} term ${term} leader ${leader}, log ${firstIndex}..${lastIndex}/${lastTerm}, ` +
    `durable ${status.stable}, commit ${commit}, applied ${applied}, ${
      describeConfiguration(status.configuration)
    }`,
  ];
  for (const { id, state, match, next, paused, inflightMessages, active } of status.progress) {
    const marks = [
      paused ? " paused" : "",
      inflightMessages > 0 ? ` ${inflightMessages} on the way` : "",
      active ? "" : " inactive",
    ];
    lines.push(`  ${id} ${state} match ${match} next ${next}${marks.join("")}`);
  }
  return lines;
}
