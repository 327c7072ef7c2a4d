import { encodeUtf8 } from "../../../src/base/utf8.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { WatchStream } from "../../../src/mvcc/watch_stream.ts";
import type { WatchResponse } from "../../../src/mvcc/watcher.ts";
import { type ModelEvent, text } from "../../model/kv_model.ts";
import type { SimCluster } from "../sim_cluster.ts";
import type { SimNode } from "../sim_node.ts";

/** What a watcher watches: one key, or all of them. */
interface Watched {
  readonly key: string;
  readonly rangeEnd: string;
}

const WATCHED: readonly Watched[] = [
  { key: "k0", rangeEnd: "" },
  { key: "k", rangeEnd: "l" },
  { key: "a", rangeEnd: "\0" },
];

/**
 * A client that watches from the first revision on, and goes on where it was through another replica
 * when its connection breaks or it is tired of it. It compares all that it hears with the log: every
 * event once, in order, all of a revision together, and no progress beyond what it was told.
 */
export class WatchClient {
  /** Everything before this revision has been heard. */
  nextRevision = 2;
  readonly #cluster: SimCluster;
  readonly #prng: Prng;
  readonly #name: string;
  readonly #watched: Watched;
  readonly #hasPrevious: boolean;
  #stream: WatchStream | null = null;
  #eventCount = 0;
  #sleepUntilMs = 0;

  constructor(cluster: SimCluster, number: number) {
    this.#cluster = cluster;
    this.#name = `w${number}`;
    this.#prng = cluster.world.prng.fork(this.#name);
    this.#watched = WATCHED[this.#prng.between(0, WATCHED.length)];
    this.#hasPrevious = this.#prng.chance(0.3);
    this.#connect();
  }

  /** How many events were heard. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Whether everything in the log has been heard. */
  get isComplete(): boolean {
    return this.#expected(this.#cluster.oracle.model.revision).length === 0;
  }

  /** What is missing, for people. */
  describe(): string {
    return `${this.#name} stands before revision ${this.nextRevision}`;
  }

  #connect(): void {
    const { world } = this.#cluster;
    const node = this.#cluster.endpoint(this.#prng);
    if (node.replica === null) {
      world.after(50, () => this.#connect());
      return;
    }
    node.clock.run(() => this.#open(node));
    // Whoever waits for a process that is paused or dead tries another one.
    const connected = this.#stream;
    if (connected === null) world.after(1_000, () => this.#stream ?? this.#connect());
  }

  #open(node: SimNode): void {
    if (this.#stream !== null || node.replica === null) return;
    const { world } = this.#cluster;
    const { watches } = node.replica.machine;
    const stream = watches.openStream(() => world.after(this.#prng.next(), drain));
    const { clock } = node;
    const isCurrent = () => this.#stream === stream && !clock.isDead;
    const drain = () => {
      if (!isCurrent()) return;
      const waitMs = this.#sleepUntilMs - world.nowMs;
      if (waitMs > 0) world.after(waitMs, drain);
      else clock.run(() => this.#drain(stream, isCurrent, drain));
    };
    this.#stream = stream;
    const reconnect = () => {
      if (this.#stream !== stream) return;
      stream.close();
      this.#stream = null;
      world.after(this.#prng.next() * 20, () => this.#connect());
    };
    node.onEnd.add(reconnect);
    stream.create({
      key: encodeUtf8(this.#watched.key),
      rangeEnd: encodeUtf8(this.#watched.rangeEnd),
      startRevision: this.nextRevision,
      progressNotify: true,
      filters: [],
      prevKv: this.#hasPrevious,
      watchId: 0,
      fragment: false,
    });
    // Who asks at once must not be told of progress before the past has been read.
    if (this.#prng.chance(0.3)) stream.requestProgress();
    this.#progressLater(stream, node);
    world.after(this.#prng.next() * 20_000, reconnect);
  }

  #progressLater(stream: WatchStream, node: SimNode): void {
    this.#cluster.world.after(500 + this.#prng.next() * 2_000, () => {
      if (this.#stream !== stream) return;
      node.clock.run(() => {
        if (this.#prng.chance(0.5)) stream.requestProgress();
        else stream.progressTick();
      });
      this.#progressLater(stream, node);
    });
  }

  #drain(stream: WatchStream, isCurrent: () => boolean, again: () => void): void {
    for (let response = stream.take(); response !== null; response = stream.take()) {
      this.#hear(response, stream);
      if (!isCurrent()) return;
    }
    if (stream.ready) this.#cluster.world.after(1, again);
    // Some read slowly: their queue fills, and they go back to reading history.
    else if (this.#prng.chance(0.02)) this.#sleepUntilMs = this.#cluster.world.nowMs + 4_000;
  }

  #hear(response: WatchResponse, stream: WatchStream): void {
    if (response.canceled) {
      this.#restart(response, stream);
    } else if (response.events.length > 0) {
      this.#compare(response);
    } else if (!response.created && response.revision >= this.nextRevision) {
      // Progress: nothing up to this revision may be missing.
      const [missing] = this.#expected(response.revision);
      if (missing !== undefined) {
        this.#report(`progress to ${response.revision} overtakes ${missing.kv.modRevision}`);
      }
      this.nextRevision = response.revision + 1;
    }
  }

  /** The past is compacted: go on where it begins. */
  #restart({ compactRevision }: WatchResponse, stream: WatchStream): void {
    if (compactRevision === 0 || compactRevision < this.nextRevision) {
      this.#report(`was canceled at compact revision ${compactRevision}`);
    }
    this.nextRevision = compactRevision;
    stream.close();
    this.#stream = null;
    this.#cluster.world.after(1, () => this.#connect());
  }

  #compare({ events, revision }: WatchResponse): void {
    const last = events[events.length - 1].kv.modRevision;
    const expected = this.#expected(last);
    this.#eventCount += events.length;
    if (revision < last) this.#report(`the header's revision ${revision} is behind ${last}`);
    for (let i = 0; i < Math.max(events.length, expected.length); i++) {
      const [heard, wanted] = [events[i], expected[i]];
      if (heard !== undefined && wanted !== undefined && isSame(heard, wanted, this.#hasPrevious)) {
        continue;
      }
      this.#report(
        `heard ${describe(heard)} instead of ${describe(wanted)}, from ${this.nextRevision} on`,
      );
      break;
    }
    this.nextRevision = last + 1;
  }

  /** What is still to be heard through a revision. */
  #expected(through: number): ModelEvent[] {
    const { model } = this.#cluster.oracle;
    const { key, rangeEnd } = this.#watched;
    const events: ModelEvent[] = [];
    for (let revision = this.nextRevision; revision <= through; revision++) {
      for (const event of model.changesAt(revision)) {
        const name = text(event.kv.key);
        const isIn = rangeEnd === ""
          ? name === key
          : name >= key && (rangeEnd === "\0" || name < rangeEnd);
        if (isIn) events.push(event);
      }
    }
    return events;
  }

  #report(what: string): void {
    this.#cluster.verdict.report("watch", `${this.#name} ${what}`);
  }
}

function describe(event: Pick<ModelEvent, "type" | "kv"> | undefined): string {
  if (event === undefined) return "nothing";
  return `${event.type === 1 ? "deletion" : "put"} of ${
    text(event.kv.key)
  } at ${event.kv.modRevision}`;
}

function isSame(heard: ModelEvent, wanted: ModelEvent, hasPrevious: boolean): boolean {
  const [a, b] = [heard.kv, wanted.kv];
  if (
    heard.type !== wanted.type || a.modRevision !== b.modRevision || text(a.key) !== text(b.key) ||
    text(a.value) !== text(b.value) || a.version !== b.version ||
    a.createRevision !== b.createRevision || a.lease !== b.lease
  ) return false;
  // After a compaction the version before may be gone.
  if (!hasPrevious || heard.prevKv === undefined) return true;
  return wanted.prevKv !== undefined && text(heard.prevKv.value) === text(wanted.prevKv.value);
}
