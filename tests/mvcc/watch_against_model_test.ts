import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkTxnRequest } from "../../src/mvcc/check_request.ts";
import { type Event, plainKeyValue } from "../../src/mvcc/key_value.ts";
import { MvccStore } from "../../src/mvcc/store.ts";
import { executeDeleteRange, executePut, executeTxn } from "../../src/mvcc/txn.ts";
import { WatchHub } from "../../src/mvcc/watch_hub.ts";
import type { WatchStream } from "../../src/mvcc/watch_stream.ts";
import type { WatchCreateRequest } from "../../src/mvcc/watcher.ts";
import { KvModel } from "../model/kv_model.ts";
import { type Action, action, LEASES, placed, watch } from "./arbitraries.ts";

/**
 * Watchers against the model: whatever a consumer does, each watcher sees exactly the changes of its
 * keys from its start on (Reliable), once (Unique), in order (Ordered), a revision in one piece
 * (Atomic), and progress never runs ahead of events (Bookmarkable).
 */

type WatchAction =
  | Action
  | { do: "watch"; stream: number; request: WatchCreateRequest }
  | { do: "cancel"; stream: number; watchId: number }
  | { do: "take"; stream: number; count: number }
  | { do: "progress"; stream: number }
  | { do: "tick"; stream: number }
  | { do: "flood"; count: number };

const stream = fc.constantFrom(0, 1);
const watchAction: fc.Arbitrary<WatchAction> = fc.oneof(
  { weight: 12, arbitrary: action.filter((action) => action.do !== "range") },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("watch" as const), stream, request: watch }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("cancel" as const),
      stream,
      watchId: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      stream,
      count: fc.integer({ min: 1, max: 100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("progress" as const), stream }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tick" as const), stream }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("flood" as const),
      count: fc.constantFrom(20, 140, 300),
    }),
  },
);

function plain({ type, kv, prevKv }: Event): Event {
  const event = { type, kv: plainKeyValue(kv) };
  return prevKv === undefined ? event : { ...event, prevKv: plainKeyValue(prevKv) };
}

/** What one watcher should and did see. */
interface Seen {
  readonly request: WatchCreateRequest;
  readonly from: number;
  readonly events: Event[];
  ended: "" | "canceled" | "compacted";
  /** Whether the client has asked to cancel it, which may overtake queued events. */
  givenUp: boolean;
  lastRevision: number;
  /** Progress says something about the watchers that were announced before it. */
  announced: boolean;
}

class Consumer {
  readonly seen = new Map<number, Seen>();
  readonly stream: WatchStream;
  readonly #model: KvModel;
  told = false;

  constructor(hub: WatchHub, model: KvModel) {
    this.#model = model;
    this.stream = hub.openStream(() => this.told = true);
  }

  watch(request: WatchCreateRequest): void {
    const { revision } = this.#model;
    const id = this.stream.create(request);
    const from = request.startRevision === 0 ? revision + 1 : request.startRevision;
    const seen: Seen = {
      request,
      from,
      events: [],
      ended: "",
      givenUp: false,
      lastRevision: 0,
      announced: false,
    };
    if (id >= 0) this.seen.set(id, seen);
  }

  cancel(watchId: number): void {
    const seen = this.seen.get(watchId);
    this.stream.cancel(watchId);
    if (seen !== undefined) seen.givenUp = true;
  }

  take(): boolean {
    const response = this.stream.take();
    if (response === null) return this.stream.ready;
    const { watchId, revision, events } = response;
    assertEquals(response.created && events.length > 0, false);
    if (watchId < 0) {
      if (!response.created) this.#checkProgress(revision, [...this.seen.values()]);
      return true;
    }
    const seen = this.seen.get(watchId)!;
    if (seen.ended === "compacted" && seen.givenUp) {
      assert(response.canceled, "a request to cancel is answered, even after the end");
      return true;
    }
    assertEquals(seen.ended, "", "nothing comes after the end");
    if (response.canceled) {
      seen.ended = response.compactRevision > 0 ? "compacted" : "canceled";
      if (response.compactRevision > 0) assertEquals(revision, 0);
      return true;
    }
    if (response.created) {
      seen.announced = true;
      return true;
    }
    assert(seen.announced, "the answer to the request comes first");
    if (events.length === 0) this.#checkProgress(revision, [seen]);
    else this.#checkOrder(seen, revision, events);
    return true;
  }

  #checkOrder(seen: Seen, revision: number, events: readonly Event[]): void {
    const first = events[0].kv.modRevision;
    const last = events[events.length - 1].kv.modRevision;
    assert(first > seen.lastRevision, "a revision is never split or repeated");
    assert(revision >= last);
    seen.lastRevision = last;
    seen.events.push(...events.map(plain));
  }

  #checkProgress(revision: number, watchers: Seen[]): void {
    for (const seen of watchers) {
      if (!seen.announced || seen.ended !== "" || seen.givenUp) continue;
      const due = this.#expected(seen).filter(({ kv }) => kv.modRevision <= revision);
      assertEquals(seen.events.filter(({ kv }) => kv.modRevision <= revision), due);
      seen.lastRevision = Math.max(seen.lastRevision, revision);
    }
  }

  #expected({ from, request }: Seen): Event[] {
    return this.#model.eventsSince(from, request);
  }

  /** Drains the stream and compares all that was seen with all that happened. */
  finish(): void {
    while (this.take());
    for (const seen of this.seen.values()) {
      const expected = this.#expected(seen);
      if (seen.ended === "") assertEquals(seen.events, expected);
      else assertEquals(seen.events, expected.slice(0, seen.events.length));
      if (seen.ended === "compacted") assert(seen.lastRevision < this.#model.compactRevision);
    }
  }
}

function leaseExists(lease: bigint): boolean {
  return LEASES.includes(lease);
}

/**
 * The previous value is left out where compaction had taken it when the event was read; the model
 * does not know when that was, so histories with compaction watch without previous values.
 */
function withoutPrevKv(action: WatchAction): WatchAction {
  if (action.do !== "watch") return action;
  return { ...action, request: { ...action.request, prevKv: false } };
}

function isStoreAction(action: WatchAction): action is Action {
  return !["watch", "cancel", "take", "progress", "tick", "flood"].includes(action.do);
}

function run(actions: readonly WatchAction[]): void {
  const store = new MvccStore({ segmentBytes: 600 });
  const hub = new WatchHub(store);
  const model = new KvModel();
  for (const lease of LEASES) model.leases.add(lease);
  const consumers = [new Consumer(hub, model), new Consumer(hub, model)];
  for (const drawn of actions) {
    const action = isStoreAction(drawn) ? placed(drawn, model.revision) : drawn;
    switch (action.do) {
      case "put":
        model.put(action.request);
        executePut(store, action.request, leaseExists);
        break;
      case "delete":
        model.deleteRange(action.request);
        executeDeleteRange(store, action.request);
        break;
      case "txn":
        if (checkTxnRequest(action.request) !== null) break;
        model.txn(action.request);
        executeTxn(store, action.request, leaseExists);
        break;
      case "flood":
        for (let i = 0; i < action.count; i++) {
          const request = {
            key: Uint8Array.of(0x61 + i % 3),
            value: Uint8Array.of(i),
            lease: 0n,
            prevKv: false,
            ignoreValue: false,
            ignoreLease: false,
          };
          model.put(request);
          executePut(store, request, leaseExists);
        }
        break;
      case "compact":
        assertEquals(store.compact(action.revision), model.compact(action.revision));
        break;
      case "step":
        store.compactStep(action.budgetBytes);
        break;
      case "restore": {
        const { header, segments } = store.snapshot();
        store.restore(header, segments.map(({ bytes }) => bytes.slice()));
        break;
      }
      case "watch":
        consumers[action.stream].watch(action.request);
        break;
      case "cancel":
        consumers[action.stream].cancel(action.watchId);
        break;
      case "take":
        for (let i = 0; i < action.count && consumers[action.stream].take(); i++);
        break;
      case "progress":
        consumers[action.stream].stream.requestProgress();
        break;
      case "tick":
        consumers[action.stream].stream.progressTick();
        break;
    }
    assertEquals(store.revision, model.revision);
  }
  for (const consumer of consumers) consumer.finish();
  assertEquals(hub.unsyncedCount, 0);
  for (const { stream } of consumers) stream.close();
  assertEquals([hub.watcherCount, hub.synced.size, hub.streamCount], [0, 0, 0]);
}

Deno.test("WatchHub shows every watcher what the model says, with previous values", () => {
  const calm = watchAction.filter(({ do: what }) => what !== "compact");
  fc.assert(
    fc.property(fc.array(calm, { maxLength: 40, size: "max" }), run),
    { numRuns: 150 },
  );
});

Deno.test("WatchHub shows every watcher what the model says, up to compaction", () => {
  const wild = watchAction.map(withoutPrevKv);
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 40, size: "max" }), run),
    { numRuns: 150 },
  );
});
