import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  denoKvLogStore,
  openDenoKvLogStore,
} from "../../../src/storage/deno_kv/deno_kv_log_store.ts";
import {
  StorageDamagedError,
  StorageError,
  StorageFailedError,
  StorageLockedError,
  StorageVersionError,
} from "../../../src/storage/errors.ts";
import { encodeObject, META } from "../../../src/storage/journal/object_record.ts";
import { batchOf, bytesOf, entriesOf, hardStateOf, manifestOf, segmentOf } from "../fixtures.ts";
import { logStoreSuite, openStore } from "../log_store_suite.ts";
import { KvPlace } from "./kv_place.ts";

logStoreSuite("deno_kv", { newPlace: () => new KvPlace() });

async function withPlace(run: (place: KvPlace) => Promise<void>): Promise<void> {
  const place = new KvPlace();
  try {
    await run(place);
  } finally {
    place.remove();
  }
}

/** A store on `place` with a few batches and a snapshot, closed again. */
async function fill(place: KvPlace): Promise<void> {
  const [store] = await openStore(place);
  for (let i = 1; i <= 5; i++) await store.append(batchOf(entriesOf(i, 1), hardStateOf(1)));
  await store.saveSnapshot(manifestOf(2, 1, [segmentOf(1)]), [segmentOf(1)]);
  await store.close();
}

async function editKv(place: KvPlace, edit: (kv: Deno.Kv) => Promise<unknown>): Promise<void> {
  const kv = await Deno.openKv(place.path);
  await edit(kv);
  kv.close();
}

Deno.test("openDenoKvLogStore() locks a file and releases it", () =>
  withPlace(async (place) => {
    const store = await openDenoKvLogStore(place.path);
    await assertRejects(() => openDenoKvLogStore(place.path), StorageLockedError, place.path);
    await store.open();
    await store.append(batchOf(entriesOf(1, 3)));
    await store.close();
    const unused = await openDenoKvLogStore(place.path);
    await unused.close();
    const again = await openDenoKvLogStore(place.path);
    assertEquals((await again.open()).entries, entriesOf(1, 3));
    await again.close();
  }));

Deno.test("openDenoKvLogStore() keeps a log in memory", async () => {
  const store = await openDenoKvLogStore(":memory:");
  await store.open();
  await store.append(batchOf(entriesOf(1, 3)));
  await store.close();
});

Deno.test("openDenoKvLogStore() says what is wrong with the path, in one line", () =>
  withPlace(async (place) => {
    const missing = await openDenoKvLogStore(`${place.directory}/no/data.kv`).catch((e) => e);
    assertEquals(missing.constructor, StorageError);
    assertStringIncludes(missing.message, "there is no such directory");
    assertEquals(missing.message.includes("\n"), false);
  }));

Deno.test("openDenoKvLogStore() refuses a file that is not a database and leaves it", () =>
  withPlace(async (place) => {
    const garbage = bytesOf(9000);
    Deno.writeFileSync(place.path, garbage);
    await assertRejects(() => openDenoKvLogStore(place.path), StorageDamagedError, place.path);
    assertEquals(Deno.readFileSync(place.path), garbage);
  }));

Deno.test("openDenoKvLogStore() refuses a database that was cut", () =>
  withPlace(async (place) => {
    const [store] = await openStore(place);
    for (let i = 0; i < 20; i++) await store.append(batchOf(entriesOf(1 + i, 1, 1, 60_000)));
    await store.close();
    const bytes = Deno.readFileSync(place.path);
    Deno.writeFileSync(place.path, bytes.subarray(0, bytes.length >> 1));
    const error = await openDenoKvLogStore(place.path).then((again) => again.open()).catch((e) =>
      e
    );
    assertEquals(error.constructor, StorageDamagedError);
    assertStringIncludes(error.message, "Move the data away");
  }));

Deno.test("denoKvLogStore() lets the store that is opened later win", () =>
  withPlace(async (place) => {
    const first = denoKvLogStore(await Deno.openKv(place.path));
    await first.open();
    await first.append(batchOf(entriesOf(1, 3)));
    const second = denoKvLogStore(await Deno.openKv(place.path));
    assertEquals((await second.open()).entries, entriesOf(1, 3));
    await assertRejects(
      () => first.append(batchOf(entriesOf(4, 1, 9))),
      StorageFailedError,
      "another process has opened",
    );
    await second.append(batchOf(entriesOf(4, 2)));
    await first.close();
    await second.close();
    const [third, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 5));
    assertEquals(recovered.epoch, 3);
    await third.close();
  }));

Deno.test("denoKvLogStore() counts a batch of many commits only when it is whole", () =>
  withPlace(async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 2)));
    // The batch takes three commits.
    place.commitsLeft = 2;
    await assertRejects(
      () => store.append(batchOf(entriesOf(3, 8, 1, 250_000))),
      StorageFailedError,
      "the process has died",
    );
    place.kill();
    const [again, recovered] = await openStore(place);
    assertEquals(recovered.entries, entriesOf(1, 2));
    assertEquals(recovered.notes, ["Removed record 2, which was not finished"]);
    await again.append(batchOf(entriesOf(3, 8, 1, 250_000)));
    place.kill();
    const [last, whole] = await openStore(place);
    assertEquals(whole.entries, [...entriesOf(1, 2), ...entriesOf(3, 8, 1, 250_000)]);
    await last.close();
  }));

Deno.test("denoKvLogStore() removes old pages a few at a time, so that appends get in between", () =>
  withPlace(async (place) => {
    const [store] = await openStore(place);
    for (let i = 1; i <= 600; i++) await store.append(batchOf(entriesOf(i, 1)));
    await store.saveSnapshot(manifestOf(600, 1, []), []);
    place.removals.length = 0;
    const compacting = store.compact(600);
    await store.append(batchOf(entriesOf(601, 1)));
    await compacting;
    assertEquals(place.removals, [256, 256, 87]);
    await store.close();
  }));

Deno.test("denoKvLogStore() has one of two snapshots whole after each commit of saving one", async () => {
  const [one, two, three] = [segmentOf(1, 2_000_000), segmentOf(2, 100), segmentOf(3, 900_000)];
  for (let commits = 0, isSaved = false; !isSaved; commits++) {
    await withPlace(async (place) => {
      const [store] = await openStore(place);
      await store.append(batchOf(entriesOf(1, 9)));
      await store.saveSnapshot(manifestOf(2, 1, [one, two]), [one, two]);
      place.commitsLeft = commits;
      const saving = store.saveSnapshot(manifestOf(8, 1, [two, three]), [two, three]);
      isSaved = await saving.then(() => true, () => false);
      place.kill();
      const [again, recovered] = await openStore(place);
      const { manifest, readSegment } = recovered.snapshot!;
      if (isSaved) assertEquals(manifest.index, 8);
      for (const segment of manifest.index === 8 ? [two, three] : [one, two]) {
        assertEquals(await readSegment(segment.id), segment.bytes);
      }
      await again.close();
      await editKv(place, async (kv) => {
        const names = new Set<string>();
        for await (const { key } of kv.list({ prefix: ["kvorum", "object"] })) {
          names.add(key.slice(2, 4).join(" "));
        }
        assertEquals(names.size, 8, [...names].join());
      });
    });
  }
});

Deno.test("denoKvLogStore() refuses damaged pages and never reads them as data", async () => {
  const journal = (sequence: number): Deno.KvKey => ["kvorum", "journal", sequence, 0];
  const flip = async (kv: Deno.Kv, key: Deno.KvKey, at: number): Promise<void> => {
    const bytes = (await kv.get<Uint8Array>(key)).value!;
    bytes[(at + bytes.length) % bytes.length] ^= 4;
    await kv.set(key, bytes);
  };
  const damages: Array<[string, (kv: Deno.Kv) => Promise<unknown>]> = [
    ["header", (kv) => flip(kv, journal(3), 5)],
    ["payload", (kv) => flip(kv, journal(3), 30)],
    ["last record", (kv) => flip(kv, journal(5), 30)],
    ["lost record", (kv) => kv.delete(journal(3))],
    ["lost beginning", (kv) => kv.delete(journal(1))],
    ["not bytes", (kv) => kv.set(journal(3), "text")],
    ["foreign page", async (kv) => kv.set(journal(4), (await kv.get(journal(3))).value)],
    ["meta", (kv) => flip(kv, ["kvorum", "object", "page", "meta", 1, 0], 26)],
    ["lost meta", (kv) => kv.delete(["kvorum", "object", "pointer", "meta"])],
    ["manifest", (kv) => flip(kv, ["kvorum", "object", "page", "manifest", 1, 0], 26)],
    ["lost segment", (kv) => kv.delete(["kvorum", "object", "pointer", "segment-s1-100"])],
    ["pointer", (kv) => kv.set(["kvorum", "object", "pointer", "meta"], 7)],
  ];
  for (const [what, damage] of damages) {
    await withPlace(async (place) => {
      await fill(place);
      await editKv(place, damage);
      // Everything is there but what the snapshot at 2 covers: losing record 1 loses nothing.
      if (what === "lost beginning") {
        const [store, recovered] = await openStore(place);
        assertEquals(recovered.entries, entriesOf(2, 4));
        return await store.close();
      }
      const store = await place.store();
      await assertRejects(() => store.open(), StorageDamagedError, place.path, what);
    });
  }
});

Deno.test("denoKvLogStore() refuses a record that lacks pages when there is a later one", () =>
  withPlace(async (place) => {
    const [store] = await openStore(place);
    await store.append(batchOf(entriesOf(1, 8, 1, 250_000)));
    await store.append(batchOf(entriesOf(9, 1)));
    await store.close();
    await editKv(place, async (kv) => {
      for (let page = 12; page < 31; page++) await kv.delete(["kvorum", "journal", 1, page]);
    });
    await assertRejects(async () => (await place.store()).open(), StorageDamagedError, "record 1");
  }));

Deno.test("denoKvLogStore() refuses a newer format without pushing out its owner", () =>
  withPlace(async (place) => {
    await fill(place);
    await editKv(place, async (kv) => {
      const newer = encodeObject(META, (writer) => writer.varint(2));
      await kv.set(["kvorum", "object", "page", "meta", 1, 0], newer.slice());
    });
    const ownerBefore = await ownerOf(place);
    await assertRejects(
      async () => (await place.store()).open(),
      StorageVersionError,
      "it has format 2 and this program knows format 1",
    );
    assertEquals(await ownerOf(place), ownerBefore);
  }));

async function ownerOf(place: KvPlace): Promise<unknown> {
  let value: unknown;
  await editKv(place, async (kv) => value = (await kv.get(["kvorum", "owner"])).value);
  return value;
}

Deno.test("denoKvLogStore() verifies a segment when it is read", () =>
  withPlace(async (place) => {
    await fill(place);
    await editKv(place, async (kv) => {
      const key = ["kvorum", "object", "page", "segment-s1-100", 1, 0];
      const bytes = (await kv.get<Uint8Array>(key)).value!;
      bytes[60] ^= 1;
      await kv.set(key, bytes);
    });
    const [store, recovered] = await openStore(place);
    await assertRejects(
      () => recovered.snapshot!.readSegment("s1-100"),
      StorageDamagedError,
      "segment-s1-100",
    );
    await store.close();
  }));
