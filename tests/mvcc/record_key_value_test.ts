import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { EMPTY_BYTES } from "../../src/base/bytes.ts";
import { plainKeyValue } from "../../src/mvcc/key_value.ts";
import { RecordKeyValue } from "../../src/mvcc/record_key_value.ts";
import { RevisionLog } from "../../src/mvcc/revision_log.ts";
import { decode, encodeToBytes } from "../../src/proto/codec.ts";
import { KeyValue } from "../../src/proto/key_value.ts";
import { RangeResponse } from "../../src/proto/kv.ts";
import "../../src/proto/server_half.ts";

const NO_LINKS = { prevMain: 0, prevSub: 0, jumpMain: 0, jumpSub: 0, depth: 0 };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const record = fc.record({
  main: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  version: fc.integer({ min: 1, max: 2 ** 40 }),
  lease: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  key: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  value: bytes(300),
});

Deno.test("RecordKeyValue encodes itself as its parts are encoded", () => {
  fc.assert(fc.property(fc.array(record), (records) => {
    const log = new RevisionLog();
    const kvs = records.map(({ key, value, ...fields }) => {
      const draft = { ...fields, sub: 0, tombstone: false, createRevision: fields.main };
      log.append({ ...draft, ...NO_LINKS }, key, value);
      return new RecordKeyValue(log.segment, log.offset);
    });
    const response = { kvs, more: false, count: kvs.length };
    const encoded = encodeToBytes(RangeResponse, response);
    const plain = { ...response, kvs: kvs.map(plainKeyValue) };
    assertEquals(encoded, encodeToBytes(RangeResponse, plain));
    assertEquals(decode(RangeResponse, encoded), plain);
    for (const [i, { key, value, lease }] of records.entries()) {
      assertEquals([plain.kvs[i].key, plain.kvs[i].value, plain.kvs[i].lease], [key, value, lease]);
    }
  }));
});

Deno.test("RecordKeyValue of a tombstone has a key and a revision alone", () => {
  const log = new RevisionLog();
  const draft = { main: 7, sub: 1, tombstone: true, createRevision: 0, version: 0, lease: 0n };
  log.append({ ...draft, ...NO_LINKS }, Uint8Array.of(1), EMPTY_BYTES);
  const kv = new RecordKeyValue(log.segment, log.offset);
  const expected = {
    key: Uint8Array.of(1),
    createRevision: 0,
    modRevision: 7,
    version: 0,
    value: EMPTY_BYTES,
    lease: 0n,
  };
  assertEquals(plainKeyValue(kv), expected);
  assertEquals(encodeToBytes(KeyValue, kv), encodeToBytes(KeyValue, expected));
});
