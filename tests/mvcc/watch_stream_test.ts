import { assert, assertEquals } from "@std/assert";
import { WATCH_QUEUE_RESPONSES_MAX } from "../../src/base/limits.ts";
import { WatchHub } from "../../src/mvcc/watch_hub.ts";
import type { WatchStream } from "../../src/mvcc/watch_stream.ts";
import type { WatchCreateRequest, WatchResponse } from "../../src/mvcc/watcher.ts";
import { bytesOf, text } from "../model/kv_model.ts";
import { StoreHarness } from "./store_harness.ts";

class Stage extends StoreHarness {
  readonly hub: WatchHub = new WatchHub(this.store);
  readonly stream: WatchStream = this.hub.openStream(() => this.told++);
  told = 0;

  watch(key: string, rangeEnd = "", options: Partial<WatchCreateRequest> = {}): number {
    return this.stream.create({
      key: bytesOf(key),
      rangeEnd: bytesOf(rangeEnd),
      startRevision: 0,
      progressNotify: false,
      filters: [],
      prevKv: false,
      watchId: 0,
      fragment: false,
      ...options,
    });
  }

  /** Takes everything there is. */
  drain(): WatchResponse[] {
    const all: WatchResponse[] = [];
    while (this.stream.ready) {
      const response = this.stream.take();
      if (response !== null) all.push(response);
    }
    return all;
  }

  /** Takes everything there is, as lines that are easy to compare. */
  lines(): string[] {
    return this.drain().map(line);
  }
}

/** "id@revision: created canceled [reason] +put=value -deleted". */
function line(response: WatchResponse): string {
  const { watchId, revision, created, canceled, compactRevision, cancelReason, events } = response;
  const words = [`${watchId}@${revision}:`];
  if (created) words.push("created");
  if (canceled) words.push("canceled");
  if (compactRevision !== 0) words.push(`compacted at ${compactRevision}`);
  if (cancelReason !== "") words.push(`[${cancelReason}]`);
  for (const { type, kv, prevKv } of events) {
    const before = prevKv === undefined ? "" : `(${text(prevKv.value)})`;
    words.push(
      type === 1 ? `-${text(kv.key)}${before}` : `${text(kv.key)}=${text(kv.value)}${before}`,
    );
  }
  return words.join(" ");
}

Deno.test("WatchStream announces a watch first and then sends a response per revision", () => {
  const s = new Stage();
  s.watch("a", "c");
  s.put("a", "1");
  s.put("c", "not watched");
  s.delete("a", "z");
  s.put("b", "2");
  assertEquals(s.lines(), ["0@1: created", "0@2: a=1", "0@4: -a", "0@5: b=2"]);
});

Deno.test("WatchStream sends all changes of one revision together, in order", () => {
  const s = new Stage();
  s.watch("\0", "\0");
  const txn = s.store.begin();
  for (const name of ["b", "a", "c"]) txn.put(bytesOf(name), bytesOf("1"), 0n);
  txn.deleteRange(bytesOf("a"), bytesOf(""));
  txn.end();
  assertEquals(s.lines(), ["0@1: created", "0@2: b=1 a=1 c=1 -a"]);
});

Deno.test("WatchStream numbers watches and refuses what etcd refuses", () => {
  const s = new Stage();
  assertEquals(s.watch("a", "", { watchId: 1 }), 1);
  assertEquals([s.watch("a"), s.watch("a"), s.watch("a")], [0, 2, 3]);
  assertEquals(s.watch("a", "", { watchId: 2 }), -1);
  assertEquals(s.watch("b", "a"), -1);
  assertEquals(s.watch("b", "b"), -1);
  assertEquals(s.watch("a", "", { startRevision: -1 }), -1);
  assertEquals(s.stream.refuse("permission denied"), -1);
  assertEquals(s.lines().slice(4), [
    "-1@1: created canceled [duplicate watch id]",
    "-1@1: created canceled [empty range]",
    "-1@1: created canceled [empty range]",
    "-1@1: created canceled [compacted]",
    "-1@1: created canceled [permission denied]",
  ]);
  assertEquals(s.stream.watcherCount, 4);
});

Deno.test("WatchStream takes an empty key for the smallest one", () => {
  const s = new Stage();
  s.watch("", "\0");
  s.watch("");
  s.put("\0", "zero");
  assertEquals(s.lines().slice(2), ["1@2: \0=zero", "0@2: \0=zero"]);
});

Deno.test("WatchStream replays the past, waits for the future, filters and shows what was", () => {
  const s = new Stage();
  s.put("a", "1");
  s.put("a", "2");
  s.delete("a");
  s.put("a", "3");
  s.watch("a", "", { startRevision: 2, prevKv: true });
  s.watch("a", "b", { startRevision: 3, filters: [1] });
  s.watch("a", "", { startRevision: 4, filters: [0] });
  s.watch("a", "", { startRevision: 7 });
  assertEquals(s.lines().slice(4), ["0@5: a=1 a=2(1) -a(2) a=3", "1@5: a=2 a=3", "2@5: -a"]);
  s.put("a", "4");
  assertEquals(s.lines(), ["0@6: a=4(3)", "1@6: a=4"]);
  s.put("a", "5");
  assertEquals(s.lines().sort(), ["0@7: a=5(4)", "1@7: a=5", "3@7: a=5"]);
});

Deno.test("WatchStream cancels a watch behind compaction, not one that starts at it", () => {
  const s = new Stage();
  s.put("a", "1");
  s.put("a", "2");
  s.delete("a");
  s.put("b", "1");
  s.compact(4);
  s.watch("a", "", { startRevision: 3 });
  s.watch("a", "", { startRevision: 4, prevKv: true });
  assertEquals(s.lines(), [
    "0@5: created",
    "1@5: created",
    "0@0: canceled compacted at 4",
    "1@5: -a",
  ]);
  assertEquals(s.stream.watcherCount, 1);
});

Deno.test("WatchStream keeps the id of a watch that compaction ended until it is cancelled", () => {
  const s = new Stage();
  s.put("a", "1");
  s.put("a", "2");
  s.compact(3);
  const options = { startRevision: 2, watchId: 1 };
  assertEquals(s.watch("a", "", options), 1);
  assertEquals(s.lines(), ["1@3: created", "1@0: canceled compacted at 3"]);
  assertEquals(s.watch("a", "", options), -1);
  assertEquals([s.watch("a"), s.watch("a")], [0, 2]);
  s.stream.cancel(1);
  s.stream.cancel(1);
  assertEquals(s.lines().filter((line) => line.includes("canceled")), [
    "-1@3: created canceled [duplicate watch id]",
    "1@3: canceled",
  ]);
  assertEquals(s.watch("a", "", options), 1);
});

Deno.test("WatchStream.cancel() drops what is queued and sends nothing after", () => {
  const s = new Stage();
  const id = s.watch("a");
  s.put("a", "1");
  s.stream.cancel(id);
  s.stream.cancel(id);
  s.stream.cancel(77);
  s.put("a", "2");
  assertEquals(s.lines(), ["0@1: created", "0@2: canceled"]);
});

Deno.test("WatchStream catches up after its queue was full, without loss, and rejoins", () => {
  const s = new Stage();
  s.watch("a");
  const other = s.hub.openStream(() => {});
  other.create({ ...REQUEST, key: bytesOf("a") });
  const puts = 3 * WATCH_QUEUE_RESPONSES_MAX;
  for (let i = 0; i < puts; i++) {
    s.put("a", `${i}`);
    if (other.ready) { while (other.take() !== null); }
  }
  assert(s.stream.full);
  assertEquals([s.stream.unsyncedCount, other.unsyncedCount], [1, 0]);
  const responses = s.drain();
  const seen = responses.flatMap(({ events }) => events.map(({ kv }) => text(kv.value)));
  assertEquals(seen, Array.from({ length: puts }, (_, i) => `${i}`));
  assert(responses.length <= WATCH_QUEUE_RESPONSES_MAX + 1, "the rest comes in one response");
  assertEquals(s.stream.unsyncedCount, 0);
  s.put("a", "live again");
  assertEquals(s.lines(), [`0@${puts + 2}: a=live again`]);
});

const REQUEST: WatchCreateRequest = {
  key: bytesOf("a"),
  rangeEnd: new Uint8Array(0),
  startRevision: 0,
  progressNotify: false,
  filters: [],
  prevKv: false,
  watchId: 0,
  fragment: false,
};

Deno.test("WatchStream replays at most 1000 revisions in one response", () => {
  for (const [key, rangeEnd] of [["a", ""], ["a", "b"]]) {
    const s = new Stage(100_000);
    for (let i = 0; i < 2500; i++) s.put(i % 2 === 0 ? "a" : "c", `${i}`);
    for (let i = 0; i < 6000; i++) s.put("hot");
    s.watch(key, rangeEnd, { startRevision: 1 });
    const [created, ...rest] = s.drain();
    assert(created.created);
    assertEquals(rest.map(({ events }) => events.length), [1000, 250]);
    const values = rest.flatMap(({ events }) => events.map(({ kv }) => Number(text(kv.value))));
    assertEquals(values, Array.from({ length: 1250 }, (_, i) => 2 * i));
  }
});

Deno.test("WatchStream replays a key with a long history in bounded steps", () => {
  const s = new Stage(100_000);
  for (let i = 0; i < 9000; i++) s.put("hot", `${i}`);
  s.watch("hot", "", { startRevision: 1 });
  const events = s.drain().flatMap(({ events }) => events);
  assertEquals(
    events.map(({ kv }) => Number(text(kv.value))),
    Array.from({ length: 9000 }, (_, i) => i),
  );
});

Deno.test("WatchStream never splits a revision, however large", () => {
  const s = new Stage(1_000_000);
  s.put("before");
  const txn = s.store.begin();
  for (let i = 0; i < 60_000; i++) txn.put(bytesOf(`k${i}`), new Uint8Array(0), 0n);
  txn.end();
  s.put("k", "after");
  s.watch("k", "l", { startRevision: 1 });
  const [, ...rest] = s.drain();
  assertEquals(rest.map(({ events }) => events.length), [60_000, 1]);
});

Deno.test("WatchStream.requestProgress() answers only when every watcher is up to date", () => {
  const s = new Stage();
  s.stream.requestProgress();
  assertEquals(s.lines(), [], "no watchers");
  s.put("a");
  s.watch("a");
  s.watch("b", "", { startRevision: 1 });
  s.stream.requestProgress();
  assertEquals(s.lines(), ["0@2: created", "1@2: created"], "one has history to read");
  s.stream.requestProgress();
  assertEquals(s.lines(), ["-1@2:"]);
  const id = s.watch("c", "", { startRevision: 9 });
  s.stream.requestProgress();
  assertEquals(s.lines(), ["2@2: created"], "one waits for the future");
  s.stream.cancel(id);
  s.put("a", "x");
  s.stream.requestProgress();
  assertEquals(s.lines(), ["2@2: canceled", "0@3: a=x", "-1@3:"]);
});

Deno.test("WatchStream.progressTick() speaks for quiet watchers that asked for it", () => {
  const s = new Stage();
  s.watch("a", "", { progressNotify: true });
  s.watch("b", "", { progressNotify: true });
  s.watch("c");
  s.drain();
  s.put("a", "1");
  s.stream.progressTick();
  assertEquals(s.lines(), ["0@2: a=1", "1@2:"]);
  s.stream.progressTick();
  assertEquals(s.lines(), ["0@2:", "1@2:"]);
});

Deno.test("WatchStream tells its consumer once until it was found empty", () => {
  const s = new Stage();
  s.watch("a");
  s.put("a");
  s.put("a");
  assertEquals(s.told, 1);
  s.drain();
  assertEquals(s.stream.take(), null);
  s.put("a");
  assertEquals(s.told, 2);
});

Deno.test("WatchHub has watchers read what a snapshot brought", () => {
  const ahead = new Stage();
  const s = new Stage();
  for (const stage of [ahead, s]) stage.put("a", "1");
  s.watch("a");
  s.watch("a", "", { startRevision: 5 });
  s.drain();
  for (const value of ["2", "3", "4", "5"]) ahead.put("a", value);
  const { header, segments } = ahead.store.snapshot();
  s.store.restore(header, segments.map(({ bytes }) => bytes));
  assertEquals(s.lines().sort(), ["0@6: a=2 a=3 a=4 a=5", "1@6: a=4 a=5"]);
  s.put("a", "6");
  assertEquals(s.lines().sort(), ["0@7: a=6", "1@7: a=6"]);
});

Deno.test("WatchHub keeps a quiet watcher over a snapshot that is compacted", () => {
  const ahead = new Stage();
  const s = new Stage();
  s.watch("a");
  for (const stage of [ahead, s]) for (let i = 0; i < 9; i++) stage.put("b");
  s.drain();
  ahead.compact(8);
  ahead.put("a", "1");
  const { header, segments } = ahead.store.snapshot();
  s.store.restore(header, segments.map(({ bytes }) => bytes));
  assertEquals(s.lines(), ["0@11: a=1"]);
});

Deno.test("WatchStream.close() leaves nothing behind", () => {
  const s = new Stage();
  s.watch("a");
  s.watch("a", "b", { startRevision: 1 });
  s.stream.close();
  s.put("a");
  assertEquals([s.stream.ready, s.stream.take(), s.hub.watcherCount], [false, null, 0]);
});
