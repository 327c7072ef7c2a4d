/**
 * What only servers do by hand: read hot requests and write hot answers. Importing this lends it to
 * the schemas; without it the generic code does the same, more slowly.
 *
 * Why apart: a client's page does not load what only servers need.
 */
import type { ByteWriter } from "../base/byte_writer.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import {
  mergeField,
  readMessage,
  writeBytes,
  writeId,
  writeMessage,
  writeNumber,
} from "./codec.ts";
import { Compare } from "./compare.ts";
import { DeleteRangeResponse } from "./delete_range.ts";
import { ResponseHeader } from "./header.ts";
import { Event, KeyValue, type StoredKeyValue } from "./key_value.ts";
import { PutRequest, PutResponse } from "./put.ts";
import { RangeRequest, RangeResponse } from "./range.ts";
import { RequestOp, ResponseOp, TxnRequest, TxnResponse } from "./txn.ts";
import { WatchResponse } from "./watch.ts";
import type { WireReader } from "./wire_reader.ts";

PutRequest.lend({ merge: mergePut });
RangeRequest.lend({ merge: mergeRange });
Compare.lend({ merge: mergeCompare });
RequestOp.lend({ merge: mergeRequestOp });
TxnRequest.lend({ merge: mergeTxn });

ResponseHeader.lend({ write: writeHeaderFields });
KeyValue.lend({ write: writeKeyValueFields });
Event.lend({ write: writeEvent });
PutResponse.lend({ write: writePutResponse });
RangeResponse.lend({ write: writeRangeResponse });
ResponseOp.lend({ write: writeResponseOp });
TxnResponse.lend({ write: writeTxnResponse });
WatchResponse.lend({ write: writeWatchResponse });

function mergePut(put: PutRequest, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) put.key = reader.bytes();
    else if (tag === 0x12) put.value = reader.bytes();
    else if (tag === 0x18) put.lease = reader.int64Id();
    else mergeField(PutRequest, put, tag, reader);
  }
}

function mergeRange(range: RangeRequest, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) range.key = reader.bytes();
    else if (tag === 0x12) range.rangeEnd = reader.bytes();
    else if (tag === 0x18) range.limit = reader.int64Clamped();
    else if (tag === 0x20) range.revision = reader.int64Clamped();
    else mergeField(RangeRequest, range, tag, reader);
  }
}

function mergeCompare(compare: Compare, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x08) compare.result = reader.enumNumber();
    else if (tag === 0x10) compare.target = reader.enumNumber();
    else if (tag === 0x1a) compare.key = reader.bytes();
    else mergeField(Compare, compare, tag, reader);
  }
}

function mergeRequestOp(op: RequestOp, reader: WireReader): void {
  // Why: the fast path is for the one operation that an honest message has; a second one replaces
  // or extends the first, which the generic code knows how to do.
  let isFirst = Object.keys(op).length === 0;
  while (reader.hasMore) {
    const tag = reader.tag();
    if (!isFirst) mergeField(RequestOp, op, tag, reader);
    else if (tag === 0x0a) op.requestRange = readMessage(RangeRequest, reader);
    else if (tag === 0x12) op.requestPut = readMessage(PutRequest, reader);
    else mergeField(RequestOp, op, tag, reader);
    isFirst = false;
  }
}

function mergeTxn(txn: TxnRequest, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) txn.compare.push(readMessage(Compare, reader));
    else if (tag === 0x12) txn.success.push(readMessage(RequestOp, reader));
    else if (tag === 0x1a) txn.failure.push(readMessage(RequestOp, reader));
    else mergeField(TxnRequest, txn, tag, reader);
  }
}

function writeHeaderFields(header: ResponseHeader, writer: ByteWriter): void {
  writeId(0x08, header.clusterId, writer);
  writeId(0x10, header.memberId, writer);
  writeNumber(0x18, header.revision, writer);
  writeNumber(0x20, header.raftTerm, writer);
}

/** Appends the field that holds the header, if there is one. */
function writeHeader(header: ResponseHeader | undefined, writer: ByteWriter): void {
  if (header === undefined) return;
  writer.byte(0x0a);
  const start = writer.beginPart();
  writeHeaderFields(header, writer);
  writer.endPart(start);
}

function isStored(kv: KeyValue): kv is StoredKeyValue {
  return "writeFields" in kv;
}

function writeKeyValueFields(kv: KeyValue, writer: ByteWriter): void {
  if (isStored(kv)) return kv.writeFields(writer);
  writeBytes(0x0a, kv.key, writer);
  writeNumber(0x10, kv.createRevision, writer);
  writeNumber(0x18, kv.modRevision, writer);
  writeNumber(0x20, kv.version, writer);
  writeBytes(0x2a, kv.value, writer);
  writeId(0x30, kv.lease, writer);
}

/** Appends a field with the given one-byte tag that holds a key, if there is one. */
function writeKeyValue(tag: number, kv: KeyValue | undefined, writer: ByteWriter): void {
  if (kv === undefined) return;
  writer.byte(tag);
  const bytesMin = isStored(kv) ? kv.contentBytes : kv.key.length + kv.value.length;
  const start = writer.beginPart(bytesMin);
  writeKeyValueFields(kv, writer);
  writer.endPart(start, bytesMin);
}

function writeEvent(event: Event, writer: ByteWriter): void {
  writeNumber(0x08, event.type, writer);
  writeKeyValue(0x12, event.kv, writer);
  writeKeyValue(0x1a, event.prevKv, writer);
}

function writePutResponse(response: PutResponse, writer: ByteWriter): void {
  writeHeader(response.header, writer);
  writeKeyValue(0x12, response.prevKv, writer);
}

function writeRangeResponse(response: RangeResponse, writer: ByteWriter): void {
  writeHeader(response.header, writer);
  for (const kv of response.kvs) writeKeyValue(0x12, kv, writer);
  writeNumber(0x18, response.more ? 1 : 0, writer);
  writeNumber(0x20, response.count, writer);
}

function writeResponseOp(op: ResponseOp, writer: ByteWriter): void {
  if (op.responseRange !== undefined) {
    writer.byte(0x0a);
    writeMessage(RangeResponse, op.responseRange, writer);
  }
  if (op.responsePut !== undefined) {
    writer.byte(0x12);
    writeMessage(PutResponse, op.responsePut, writer);
  }
  if (op.responseDeleteRange !== undefined) {
    writer.byte(0x1a);
    writeMessage(DeleteRangeResponse, op.responseDeleteRange, writer);
  }
  if (op.responseTxn !== undefined) {
    writer.byte(0x22);
    writeMessage(TxnResponse, op.responseTxn, writer);
  }
}

function writeTxnResponse(response: TxnResponse, writer: ByteWriter): void {
  writeHeader(response.header, writer);
  if (response.succeeded) {
    writer.byte(0x10);
    writer.byte(1);
  }
  for (const op of response.responses) {
    writer.byte(0x1a);
    writeMessage(ResponseOp, op, writer);
  }
}

function writeWatchResponse(response: WatchResponse, writer: ByteWriter): void {
  writeHeader(response.header, writer);
  writeNumber(0x10, response.watchId, writer);
  writeNumber(0x18, response.created ? 1 : 0, writer);
  writeNumber(0x20, response.canceled ? 1 : 0, writer);
  writeNumber(0x28, response.compactRevision, writer);
  if (response.cancelReason !== "") {
    writer.byte(0x32);
    writer.bytes(encodeUtf8(response.cancelReason));
  }
  writeNumber(0x38, response.fragment ? 1 : 0, writer);
  for (const event of response.events) {
    writer.byte(0x5a);
    writeMessage(Event, event, writer);
  }
}
