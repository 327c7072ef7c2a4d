/** Observations as text in which equal behaviour is equal text, whatever the server's identity. */
import { SENTINEL_KEY } from "./keys.ts";
import { NO_ANSWER } from "./pipelined_connection.ts";
import type { Answer, Sequence, Step } from "./sequence.ts";
import type { Observation, ObservedStream } from "./subject.ts";
import type { WatchEvent } from "./watch_session.ts";

/** Fields that say who answered, not what. */
const IDENTITY = new Set(["cluster_id", "member_id", "raft_term"]);
const REVISIONS = new Set(["revision", "create_revision", "mod_revision", "compact_revision"]);
/** Lists in the order in which etcd comes upon their elements. */
const UNORDERED = new Set(["leases", "keys"]);
/** How much of a lease may be gone: the sequence takes time, and each server counts for itself. */
const TTL_TOLERANCE_SECONDS = 30;
/** Lease IDs below this were given by the client, those above were drawn. */
const CLIENT_LEASE_MAX = 1_000_000n;

/** One thing that a server said, as text. */
export interface Utterance {
  /** What it is about, for people. */
  readonly about: string;
  /** The step that it answers. */
  readonly step: Step;
  readonly text: string;
}

/** All that a server said to a sequence: an utterance per answer and several per watch stream. */
export function transcript(sequence: Sequence, observation: Observation): Utterance[] {
  const utterances: Utterance[] = [];
  let [answerCount, streamCount] = [0, 0];
  for (const [i, step] of sequence.entries()) {
    const texts = step.kind === "call"
      ? [answerText(observation.answers[answerCount++], observation.base)]
      : streamTexts(observation.streams[streamCount++], observation);
    for (const text of texts) utterances.push({ about: `line ${i + 1}`, step, text });
  }
  return utterances;
}

function answerText(answer: Answer, base: number): string {
  if (answer === NO_ANSWER) return "no answer";
  const { status, contentType, body } = answer;
  const lines = body.split("\n").map((line) => {
    if (!line.startsWith("{")) return line;
    try {
      return textOf(JSON.parse(line), base);
    } catch {
      return line;
    }
  });
  return `${status} ${contentType} ${lines.join("\n")}`;
}

/** The value as JSON, with revisions relative to the beginning of the sequence. */
function textOf(value: unknown, base: number): string {
  return JSON.stringify(value, function (this: Record<string, string>, name, member) {
    if (UNORDERED.has(name) && Array.isArray(member)) {
      return member.map((each) => textOf(each, base)).sort();
    }
    if (typeof member !== "string") return member;
    if (IDENTITY.has(name)) return "-";
    if (REVISIONS.has(name) && /^-?\d+$/.test(member)) return `R+${Number(member) - base}`;
    if (name === "TTL" && isFresh(Number(member), Number(this.grantedTTL))) return "fresh";
    if (name === "ID" && BigInt(member) > CLIENT_LEASE_MAX) return "drawn";
    return member;
  });
}

function isFresh(remainingSeconds: number, grantedSeconds: number): boolean {
  return remainingSeconds <= grantedSeconds &&
    remainingSeconds >= grantedSeconds - TTL_TOLERANCE_SECONDS;
}

/** What a stream and each of its watchers were told, up to the end of the sequence. */
function streamTexts({ lines, isLate }: ObservedStream, { base, end }: Observation): string[] {
  const control: string[] = isLate ? ["a stream that does not deliver in time"] : [];
  const compacted: string[] = [];
  const watchers = new Map<number, Watcher>();
  let opened = 0;
  for (const line of lines) {
    const { result } = line;
    if (result?.events !== undefined) {
      const id = Number(result.watch_id ?? 0);
      const watcher = watchers.get(id) ?? new Watcher({ base, opened, end });
      watchers.set(id, watcher);
      watcher.take(Number(result.header?.revision), result.events);
    } else if (result?.compact_revision !== undefined && result.created !== true) {
      compacted.push(textOf(line, base));
    } else {
      if (result?.created === true) opened = Number(result.header?.revision);
      control.push(textOf(line, base));
    }
  }
  const events = [...watchers].filter(([, { texts }]) => texts.length > 0)
    .sort(([a], [b]) => a - b)
    .map(([id, { texts }]) => `watcher ${id}: ${texts.join(" ")}`);
  return [control, compacted.sort(), events].map((texts) => texts.join("\n"));
}

/** Revisions of a stream: of the sequence's begin, of the stream's own, and of its end. */
interface Revisions {
  readonly base: number;
  readonly opened: number;
  readonly end: number;
}

/**
 * The events of one watcher, one after the other. How those of the past are spread over responses is
 * the server's business, but for two rules: those of one revision stay together, and a header is not
 * older than what it carries. What happens while a watcher watches comes one revision at a time.
 */
class Watcher {
  readonly texts: string[] = [];
  readonly #revisions: Revisions;
  #lastRevision = 0;

  constructor(revisions: Revisions) {
    this.#revisions = revisions;
  }

  take(header: number, events: readonly WatchEvent[]): void {
    const { base, opened, end } = this.#revisions;
    for (const [i, event] of events.entries()) {
      const revision = Number(event.kv.mod_revision);
      if (revision > end || event.kv.key === SENTINEL_KEY) continue;
      if (revision > opened && header !== revision) this.texts.push(`with R+${header - base}:`);
      if (revision > header) this.texts.push("header behind:");
      if (i === 0 && revision === this.#lastRevision) this.texts.push("revision split:");
      if (revision < this.#lastRevision) this.texts.push("out of order:");
      this.#lastRevision = revision;
      this.texts.push(textOf(event, base));
    }
  }
}
