import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { EMPTY_HARD_STATE } from "../../src/raft/hard_state.ts";
import { StorageError, StorageFailedError, StorageLockedError } from "../../src/storage/errors.ts";
import type { LogStore, RecoveredLog } from "../../src/storage/log_store.ts";
import {
  batchOf,
  bytesOf,
  entriesFrom,
  entriesOf,
  hardStateOf,
  manifestOf,
  segmentOf,
} from "./fixtures.ts";

/** Data of one replica, that stores come and go on. */
export interface StorePlace {
  /** A store on the data, as a new process would make it. */
  store(): LogStore | Promise<LogStore>;
  /** The process that made the latest store dies: nobody closes anything. */
  kill(): void | Promise<void>;
  /** Lets all later writes fail. */
  failWrites(): void | Promise<void>;
  /** Removes the data and whatever is still held. */
  remove(): void | Promise<void>;
}

/** What the suite needs of an adapter. */
export interface LogStoreHarness {
  newPlace(): StorePlace | Promise<StorePlace>;
}

/** Runs or collects one test. */
export type Register = (name: string, run: () => Promise<void>) => void;

/** A store and what it recovered. */
export async function openStore(place: StorePlace): Promise<[LogStore, RecoveredLog]> {
  const store = await place.store();
  return [store, await store.open()];
}

/** What each adapter of `LogStore` promises. */
export function logStoreSuite(
  name: string,
  harness: LogStoreHarness,
  register: Register = (title, run) => Deno.test(title, run),
): void {
  const test = (title: string, run: (place: StorePlace) => Promise<void>): void =>
    register(`${name}: LogStore.${title}`, async () => {
      const place = await harness.newPlace();
      try {
        await run(place);
      } finally {
        await place.remove();
      }
    });
  testLog(test);
  testSnapshots(test);
  testLife(test);
}

type Test = (title: string, run: (place: StorePlace) => Promise<void>) => void;

function testLog(test: Test): void {
  test("open() answers an empty log for storage never used", async (place) => {
    const [store, recovered] = await openStore(place);
    assertEquals(recovered, {
      epoch: 1,
      identity: null,
      hardState: EMPTY_HARD_STATE,
      snapshot: null,
      entries: [],
      notes: [],
    });
    await store.close();
  });

  test("append() keeps hard state and entries through close and kill", async (place) => {
    const [store] = await openStore(place);
    const first = entriesFrom(1, [1, 1, 2]);
    const hardState = hardStateOf(2, 0xfedc_ba98_7654_3210n, 3);
    await store.append(batchOf(first, hardState));
    await store.close();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, first);
    assertEquals(recovered.hardState, hardState);
    const second = entriesFrom(4, [2, 3]);
    await again.append(batchOf(second));
    await again.append({ hardState: hardStateOf(4, 1n, 4), entries: [] });
    await place.kill();
    const [last, afterKill] = await openStore(place);
    assertEquals(afterKill.entries, [...first, ...second]);
    assertEquals(afterKill.hardState, hardStateOf(4, 1n, 4));
    await last.close();
  });

  test("append() truncates and appends in one step", async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 5, 1), hardStateOf(1)));
    await store.append(batchOf(entriesOf(6, 5, 1)));
    await store.append(batchOf(entriesOf(4, 1, 2), hardStateOf(2)));
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, [...entriesOf(1, 3, 1), ...entriesOf(4, 1, 2)]);
    await again.append(batchOf(entriesOf(1, 2, 3), hardStateOf(3)));
    await place.kill();
    const [last, replaced] = await openStore(place);
    assertEquals(replaced.entries, entriesOf(1, 2, 3));
    await last.close();
  });

  test("append() takes entries of all kinds and sizes", async (place) => {
    const [store] = await openStore(place);
    const entries = [
      { term: 1, index: 1, kind: 0, data: new Uint8Array(0) },
      { term: 1, index: 2, kind: 2, data: new Uint8Array(2000) },
      { term: 9_007_199_254_740_991, index: 3, kind: 1, data: bytesOf(2_500_000) },
      { term: 9_007_199_254_740_991, index: 4, kind: 1, data: bytesOf(65_536) },
    ] as const;
    await store.append(batchOf(entries));
    await store.append(batchOf(entriesOf(5, 3)));
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, [...entries, ...entriesOf(5, 3)]);
    await again.close();
  });

  test("append() keeps many batches in order", async (place) => {
    const [store] = await openStore(place);
    for (let i = 0; i < 120; i++) await store.append(batchOf(entriesOf(1 + i * 3, 3, 1, 40)));
    assert(store.byteLength() > 360 * 40);
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 360, 1, 40));
    await again.close();
  });

  test("compact() forgets what the snapshot covers and no more", async (place) => {
    const [store] = await openStore(place);
    for (let i = 0; i < 60; i++) await store.append(batchOf(entriesOf(1 + i, 1, 1, 600)));
    await store.append({ hardState: hardStateOf(7, 2n, 60), entries: [] });
    await store.saveSnapshot(manifestOf(50, 1, []), []);
    const before = store.byteLength();
    await store.compact(40);
    assert(store.byteLength() <= before);
    await place.kill();
    const [again, recovered] = await openStore(place);
    assert(recovered.entries[0].index <= 41, "an entry that was to be kept is gone");
    const kept = recovered.entries.filter((entry) => entry.index > 40);
    assertEquals(kept, entriesOf(41, 20, 1, 600));
    await again.saveSnapshot(manifestOf(60, 1, []), []);
    await again.compact(60);
    await again.close();
    const [last, empty] = await openStore(place);
    assertEquals(empty.hardState, hardStateOf(7, 2n, 60));
    await last.append(batchOf(entriesOf(61, 2)));
    await last.close();
    const [final, continued] = await openStore(place);
    assertEquals(continued.entries.filter((entry) => entry.index > 60), entriesOf(61, 2));
    await final.close();
  });

  test("compact() may run beside append()", async (place) => {
    const [store] = await openStore(place);
    for (let i = 0; i < 40; i++) await store.append(batchOf(entriesOf(1 + i, 1, 1, 600)));
    await store.saveSnapshot(manifestOf(40, 1, []), []);
    const compacting = store.compact(30);
    for (let i = 40; i < 60; i++) await store.append(batchOf(entriesOf(1 + i, 1, 1, 600)));
    await compacting;
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries.filter((entry) => entry.index > 30), entriesOf(31, 30, 1, 600));
    await again.close();
  });
}

function testSnapshots(test: Test): void {
  test("saveSnapshot() keeps manifest and segments", async (place) => {
    const [store] = await openStore(place);
    const segments = [segmentOf(1, 1_200_000), segmentOf(2, 65_536), segmentOf(3, 0)];
    const manifest = manifestOf(10, 4, segments);
    await store.append(batchOf(entriesOf(1, 10, 4)));
    await store.saveSnapshot(manifest, segments);
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.snapshot?.manifest, manifest);
    for (const { id, bytes } of segments) {
      assertEquals(await recovered.snapshot?.readSegment(id), bytes);
    }
    assertEquals(recovered.entries, entriesOf(1, 10, 4));
    await again.close();
  });

  test("saveSnapshot() writes only new segments and removes old ones", async (place) => {
    const [store] = await openStore(place);
    const [one, two, three] = [segmentOf(1, 50_000), segmentOf(2, 50_000), segmentOf(3, 50_000)];
    await store.append(batchOf(entriesOf(1, 20)));
    await store.saveSnapshot(manifestOf(5, 1, [one, two]), [one, two]);
    const twoSegments = store.byteLength();
    await store.saveSnapshot(manifestOf(9, 1, [two, three]), [three]);
    assert(Math.abs(store.byteLength() - twoSegments) < 1000, "an old segment was not removed");
    await store.close();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.snapshot?.manifest, manifestOf(9, 1, [two, three]));
    assertEquals(await recovered.snapshot?.readSegment(two.id), two.bytes);
    assertEquals(await recovered.snapshot?.readSegment(three.id), three.bytes);
    await assertRejects(
      () => again.saveSnapshot(manifestOf(10, 1, [one]), []),
      TypeError,
      "neither given nor stored",
    );
    await again.saveSnapshot(manifestOf(11, 1, []), []);
    await assertRejects(() => recovered.snapshot!.readSegment(two.id), StorageError, "replaced");
    await again.close();
  });

  test("saveSnapshot() takes segments as they come", async (place) => {
    const [store] = await openStore(place);
    const segments = [segmentOf(1, 1_000), segmentOf(2, 70_000), segmentOf(3, 10)];
    const { promise: more, resolve: giveMore } = Promise.withResolvers<void>();
    const saving = store.saveSnapshot(
      manifestOf(1, 1, segments),
      (async function* () {
        yield segments[0];
        await more;
        yield* segments.slice(1);
      })(),
    );
    await store.append(batchOf(entriesOf(1, 3)));
    giveMore();
    await saving;
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 3));
    for (const { id, bytes } of segments) {
      assertEquals(await recovered.snapshot?.readSegment(id), bytes);
    }
    await again.close();
  });

  test("saveSnapshot() replaces a log that contradicts it", async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 30, 1), hardStateOf(5)));
    await store.saveSnapshot(manifestOf(20, 4, []), []);
    await place.kill();
    const [again, cutShort] = await openStore(place);
    assertEquals(cutShort.entries, []);
    await again.append(batchOf(entriesOf(21, 4, 5)));
    await place.kill();
    const [last, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(21, 4, 5));
    assertEquals(recovered.hardState, hardStateOf(5));
    await last.saveSnapshot(manifestOf(100, 6, []), []);
    await last.append(batchOf(entriesOf(101, 1, 6)));
    await last.close();
    const [final, installed] = await openStore(place);
    assertEquals(installed.entries, entriesOf(101, 1, 6));
    await final.close();
  });

  test("saveSnapshot() leaves nothing of a log that it replaces in the middle", async (place) => {
    const [store] = await openStore(place);
    for (let i = 1; i <= 30; i++) await store.append(batchOf(entriesOf(i, 1, 1, 600)));
    await store.saveSnapshot(manifestOf(20, 4, []), []);
    await place.kill();
    const [again, cutShort] = await openStore(place);
    assertEquals(cutShort.entries, []);
    await again.append(batchOf([], hardStateOf(5, 1n, 20)));
    await again.saveSnapshot(manifestOf(20, 4, []), []);
    await place.kill();
    const [last, recovered] = await openStore(place);
    assertEquals(recovered.entries, []);
    await last.append(batchOf(entriesOf(21, 2, 5)));
    await last.close();
    const [final, continued] = await openStore(place);
    assertEquals(continued.entries, entriesOf(21, 2, 5));
    await final.close();
  });

  test("saveSnapshot() may run beside append()", async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 10)));
    const segments = [segmentOf(1, 300_000), segmentOf(2, 300_000)];
    const saving = store.saveSnapshot(manifestOf(10, 1, segments), segments);
    for (let i = 11; i <= 30; i++) await store.append(batchOf(entriesOf(i, 1)));
    await saving;
    await place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 30));
    assertEquals(await recovered.snapshot?.readSegment(segments[1].id), segments[1].bytes);
    await again.close();
  });
}

function testLife(test: Test): void {
  test("open() counts epochs and keeps the identity", async (place) => {
    const [store] = await openStore(place);
    await store.saveIdentity(bytesOf(40));
    await place.kill();
    const [again, second] = await openStore(place);
    assertEquals([second.epoch, second.identity], [2, bytesOf(40)]);
    await again.close();
    const [last, third] = await openStore(place);
    assertEquals([third.epoch, third.identity], [3, bytesOf(40)]);
    await last.close();
  });

  test("open() refuses data that is in use, and the holder goes on", async (place) => {
    const [store] = await openStore(place);
    await assertRejects(async () => await (await place.store()).open(), StorageLockedError);
    await store.append(batchOf(entriesOf(1, 2)));
    await store.close();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 2));
    assertEquals(recovered.epoch, 2);
    await again.close();
  });

  test("append() that fails poisons the store", async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 2)));
    await place.failWrites();
    const error = await store.append(batchOf(entriesOf(3, 2))).catch((reason) => reason);
    assertInstanceOf(error, StorageFailedError);
    await assertRejects(() => store.append(batchOf(entriesOf(3, 2))), StorageFailedError);
    await assertRejects(() => store.saveIdentity(bytesOf(4)), StorageFailedError);
    await assertRejects(() => store.saveSnapshot(manifestOf(1, 1, []), []), StorageFailedError);
    await assertRejects(() => store.compact(0), StorageFailedError);
    await store.close();
  });

  test("close() is idempotent and ends the store", async (place) => {
    const [store] = await openStore(place);
    const appending = store.append(batchOf(entriesOf(1, 2)));
    await Promise.all([store.close(), store.close()]);
    await appending;
    await store.close();
    await assertRejects(() => store.append(batchOf(entriesOf(3, 1))), StorageError, "closed");
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 2));
    await again.close();
  });
}
