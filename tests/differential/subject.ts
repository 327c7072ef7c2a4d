import { assertEquals } from "@std/assert";
import { PipelinedConnection, type RawRequest } from "./pipelined_connection.ts";
import { base64, SENTINEL_KEY } from "./keys.ts";
import { type Answer, resolveRevisions, type Sequence, type Step, type Watch } from "./sequence.ts";
import { type WatchLine, WatchSession } from "./watch_session.ts";

/** What a watch stream carried. */
export interface ObservedStream {
  readonly lines: readonly WatchLine[];
  /** Whether something that had to come did not come in time. */
  readonly isLate: boolean;
}

/** What a server did with a sequence, untouched. */
export interface Observation {
  /** The revision at which the sequence began. */
  readonly base: number;
  /** The last revision of which watch streams are sure to have all events. */
  readonly end: number;
  /** The answers to the calls, in order. */
  readonly answers: readonly Answer[];
  /** The watch streams, in the order in which they were opened. */
  readonly streams: readonly ObservedStream[];
}

const EVERYTHING = { key: "AA==", range_end: "AA==" };

/**
 * One of the two servers. Each sequence begins without keys and leases, with all history compacted.
 *
 * Watches are made deterministic by a sentinel: a key written right before a stream is opened and
 * watched from that revision by the stream's last watcher. Servers read history for all watchers of
 * a stream together, so its arrival says that the others have caught up; and they keep the order of
 * what a stream carries, so once a second write after the end has arrived, all up to the end has.
 */
export class Subject implements Disposable {
  readonly name: string;
  readonly #url: string;
  readonly #connection: PipelinedConnection;

  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
    this.#connection = new PipelinedConnection(url);
  }

  /** Takes away all keys and leases. Answers the revision after that. */
  async reset(): Promise<number> {
    const [, listed] = await this.#connection.exchange([
      post("/v3/kv/deleterange", EVERYTHING),
      post("/v3/lease/leases", {}),
    ]);
    const leases: { ID: string }[] = JSON.parse(listed.body).leases ?? [];
    await this.#connection.exchange(leases.map(({ ID }) => post("/v3/lease/revoke", { ID })));
    return await this.#putSentinel("begin");
  }

  /**
   * Begins at a revision that is past that of the reset, sends a sequence and gathers all that comes
   * back. Why at a given revision: when both servers begin at one, also their hashes are the same.
   */
  async run(sequence: Sequence, base: number): Promise<Observation> {
    await this.#begin(base);
    const answers: Answer[] = [];
    const sessions: WatchSession[] = [];
    try {
      let waiting: RawRequest[] = [];
      for (const step of sequence) {
        if (step.kind === "call") {
          waiting.push({ ...step, body: resolveRevisions(step.body, base) });
          continue;
        }
        answers.push(...await this.#connection.exchange(waiting));
        waiting = [];
        sessions.push(await this.#openWatch(step, base));
      }
      answers.push(...await this.#connection.exchange(waiting));
      const end = sessions.length > 0 ? await this.#finish(sessions) : 0;
      return { base, end, answers, streams: sessions };
    } finally {
      await Promise.all(sessions.map((session) => session.close()));
    }
  }

  async #begin(base: number): Promise<void> {
    while (await this.#putSentinel("begin") < base - 2);
    await this.#connection.exchange([post("/v3/kv/deleterange", { key: SENTINEL_KEY })]);
    const revision = await this.#putSentinel("begin");
    assertEquals(revision, base, `${this.name} does not begin where it should`);
    await this.#connection.exchange([post("/v3/kv/compaction", { revision })]);
  }

  async #openWatch({ messages }: Watch, base: number): Promise<WatchSession> {
    const sentinelRevision = await this.#putSentinel("open");
    const sentinel = JSON.stringify({
      create_request: {
        key: SENTINEL_KEY,
        start_revision: String(sentinelRevision),
        filters: [1],
      },
    });
    const body = resolveRevisions(messages.join(""), base) + sentinel;
    const session = await WatchSession.open(this.#url, body);
    const creates = messages.filter((message) => message.includes("create")).length + 1;
    await session.expect((lines) => lines.filter(isCreated).length >= creates);
    await session.expect((lines) => showsSentinel(lines, "open"));
    return session;
  }

  async #finish(sessions: readonly WatchSession[]): Promise<number> {
    const endRevision = await this.#putSentinel("end");
    await this.#putSentinel("after the end");
    await Promise.all(
      sessions.map((session) => session.expect((lines) => showsSentinel(lines, "after the end"))),
    );
    return endRevision;
  }

  /** Writes the sentinel and answers the revision of that. */
  async #putSentinel(value: string): Promise<number> {
    const [{ status, body }] = await this.#connection.exchange([
      post("/v3/kv/put", { key: SENTINEL_KEY, value: base64(value) }),
    ]);
    assertEquals(status, 200, `${this.name} does not take a plain put: ${body}`);
    return Number(JSON.parse(body).header.revision);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

function post(path: string, request: unknown): RawRequest {
  return { method: "POST", path, body: JSON.stringify(request) };
}

function isCreated({ result }: WatchLine): boolean {
  return result?.created === true;
}

/** Whether the last watcher of a stream, which is the sentinel's, has seen it with a value. */
function showsSentinel(lines: readonly WatchLine[], value: string): boolean {
  const expected = base64(value);
  const watchId = lines.findLast(isCreated)?.result?.watch_id;
  return lines.some(({ result }) =>
    result?.watch_id === watchId && result?.events?.some(({ kv }) => kv.value === expected)
  );
}

/** How many requests a step sends. */
export function requestCount(step: Step): number {
  return step.kind === "call" ? 1 : step.messages.length;
}
