import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MalformedBytesError } from "../../../src/base/byte_reader.ts";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import type { EntryKind } from "../../../src/raft/entry.ts";
import { StorageDamagedError, StorageVersionError } from "../../../src/storage/errors.ts";
import { readBatchRecord, writeBatchRecord } from "../../../src/storage/journal/batch_record.ts";
import {
  decodeManifest,
  decodeMeta,
  decodeObject,
  encodeManifest,
  encodeMeta,
  encodeObject,
  META,
} from "../../../src/storage/journal/object_record.ts";
import { bytesOf, manifestOf, segmentOf } from "../fixtures.ts";

const members = fc.array(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), { maxLength: 7 });

Deno.test("readBatchRecord() reads what writeBatchRecord() wrote, and refuses less or more", () => {
  const record = fc.record({
    start: fc.maxSafeNat(),
    hardState: fc.record({
      term: fc.maxSafeNat(),
      vote: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
      commit: fc.maxSafeNat(),
    }),
    first: fc.nat(),
    parts: fc.array(fc.tuple(fc.maxSafeNat(), fc.nat(2), fc.uint8Array({ maxLength: 40 }))),
  });
  fc.assert(fc.property(record, fc.nat(), ({ start, hardState, first, parts }, cut) => {
    const entries = parts.map(([term, kind, data], i) => ({
      term,
      index: first + i,
      kind: kind as EntryKind,
      data,
    }));
    const writer = new ByteWriter();
    writeBatchRecord(writer, { start, hardState, first, entries });
    const bytes = writer.copy();
    assertEquals(readBatchRecord(bytes), { start, hardState, first, entries });
    const shorter = bytes.subarray(0, cut % bytes.length);
    assertThrows(() => readBatchRecord(shorter), MalformedBytesError);
    assertThrows(() => readBatchRecord(Uint8Array.of(...bytes, 0)), MalformedBytesError);
  }));
});

Deno.test("readBatchRecord() refuses an entry of an unknown kind", () => {
  const writer = new ByteWriter();
  const hardState = { term: 1, vote: 1n, commit: 1 };
  const entry = { term: 1, index: 1, kind: 3 as EntryKind, data: bytesOf(2) };
  writeBatchRecord(writer, { start: 1, hardState, first: 1, entries: [entry] });
  assertThrows(() => readBatchRecord(writer.view()), MalformedBytesError, "3 is not a kind");
});

Deno.test("decodeManifest() reads what encodeManifest() wrote", () => {
  const manifest = fc.record({
    index: fc.maxSafeNat(),
    term: fc.maxSafeNat(),
    configuration: fc.record({
      voters: members,
      outgoing: members,
      learners: members,
      learnersNext: members,
      autoLeave: fc.boolean(),
    }),
    header: fc.uint8Array({ maxLength: 100 }),
    segments: fc.array(fc.record({ id: fc.string({ unit: "grapheme" }), byteLength: fc.nat() })),
  });
  fc.assert(fc.property(manifest, (value) => {
    assertEquals(decodeManifest(encodeManifest(value), "here"), value);
  }));
});

Deno.test("decodeMeta() tells no identity from an empty one", () => {
  for (const identity of [null, new Uint8Array(0), bytesOf(300)]) {
    assertEquals(decodeMeta(encodeMeta({ epoch: 7, identity }), "here"), { epoch: 7, identity });
  }
});

Deno.test("decodeMeta() refuses another format", () => {
  const bytes = encodeObject(META, (writer) => writer.varint(9));
  assertThrows(() => decodeMeta(bytes, "here"), StorageVersionError, "here: it has format 9");
});

Deno.test("decodeObject() refuses an object under another name", () => {
  const bytes = encodeManifest(manifestOf(3, 1, [segmentOf(1)]));
  assertThrows(
    () => decodeObject("meta", bytes, "here"),
    StorageDamagedError,
    'here: the checksum of "meta"',
  );
});
