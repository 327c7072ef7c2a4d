import type { ByteWriter } from "../base/byte_writer.ts";
import { mergeField, readMessage, writeMessage } from "./codec.ts";
import { Compare } from "./compare.ts";
import { DeleteRangeRequest, DeleteRangeResponse } from "./delete_range.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { PutRequest, PutResponse } from "./put.ts";
import { RangeRequest, RangeResponse } from "./range.ts";
import { bool, message, MessageSchema, oneof, repeated } from "./schema.ts";
import type { WireReader } from "./wire_reader.ts";

/** One operation of a transaction: at most one property is present. */
export interface RequestOp {
  requestRange?: RangeRequest;
  requestPut?: PutRequest;
  requestDeleteRange?: DeleteRangeRequest;
  requestTxn?: TxnRequest;
}

const REQUEST = "request";

/** The schema of {@linkcode RequestOp}. */
export const RequestOp: MessageSchema<RequestOp> = new MessageSchema<RequestOp>(
  "etcdserverpb.RequestOp",
  {
    requestRange: oneof(REQUEST, message(1, () => RangeRequest)),
    requestPut: oneof(REQUEST, message(2, () => PutRequest)),
    requestDeleteRange: oneof(REQUEST, message(3, () => DeleteRangeRequest)),
    requestTxn: oneof(REQUEST, message(4, () => TxnRequest)),
  },
  { write: writeRequestOp },
);

function writeRequestOp(op: RequestOp, writer: ByteWriter): void {
  if (op.requestRange !== undefined) {
    writer.byte(0x0a);
    writeMessage(RangeRequest, op.requestRange, writer);
  }
  if (op.requestPut !== undefined) {
    writer.byte(0x12);
    writeMessage(PutRequest, op.requestPut, writer);
  }
  if (op.requestDeleteRange !== undefined) {
    writer.byte(0x1a);
    writeMessage(DeleteRangeRequest, op.requestDeleteRange, writer);
  }
  if (op.requestTxn !== undefined) {
    writer.byte(0x22);
    writeMessage(TxnRequest, op.requestTxn, writer);
  }
}

/** The answer to one operation: at most one property is present. */
export interface ResponseOp {
  responseRange?: RangeResponse;
  responsePut?: PutResponse;
  responseDeleteRange?: DeleteRangeResponse;
  responseTxn?: TxnResponse;
}

const RESPONSE = "response";

/** The schema of {@linkcode ResponseOp}. */
export const ResponseOp: MessageSchema<ResponseOp> = new MessageSchema<ResponseOp>(
  "etcdserverpb.ResponseOp",
  {
    responseRange: oneof(RESPONSE, message(1, () => RangeResponse)),
    responsePut: oneof(RESPONSE, message(2, () => PutResponse)),
    responseDeleteRange: oneof(RESPONSE, message(3, () => DeleteRangeResponse)),
    responseTxn: oneof(RESPONSE, message(4, () => TxnResponse)),
  },
);

/** If all of `compare` hold, all of `success` happen, otherwise all of `failure`. */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

/** The schema of {@linkcode TxnRequest}. */
export const TxnRequest: MessageSchema<TxnRequest> = new MessageSchema<TxnRequest>(
  "etcdserverpb.TxnRequest",
  {
    compare: repeated(message(1, () => Compare)),
    success: repeated(message(2, () => RequestOp)),
    failure: repeated(message(3, () => RequestOp)),
  },
  { zero: zeroRequest, write: writeRequest },
);

function zeroRequest(): TxnRequest {
  return { compare: [], success: [], failure: [] };
}

function writeRequest(txn: TxnRequest, writer: ByteWriter): void {
  for (const compare of txn.compare) {
    writer.byte(0x0a);
    writeMessage(Compare, compare, writer);
  }
  for (const operation of txn.success) {
    writer.byte(0x12);
    writeMessage(RequestOp, operation, writer);
  }
  for (const operation of txn.failure) {
    writer.byte(0x1a);
    writeMessage(RequestOp, operation, writer);
  }
}

/** The answer to {@linkcode TxnRequest}. */
export interface TxnResponse {
  header?: ResponseHeader;
  /** Whether all comparisons held. */
  succeeded: boolean;
  /** One answer for each operation of the branch that was taken. */
  responses: ResponseOp[];
}

/** The schema of {@linkcode TxnResponse}. */
export const TxnResponse: MessageSchema<TxnResponse> = new MessageSchema<TxnResponse>(
  "etcdserverpb.TxnResponse",
  { header: HEADER, succeeded: bool(2), responses: repeated(message(3, () => ResponseOp)) },
  { zero: zeroResponse, merge: mergeResponse },
);

function zeroResponse(): TxnResponse {
  return { succeeded: false, responses: [] };
}

function mergeResponse(response: TxnResponse, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x1a) response.responses.push(readMessage(ResponseOp, reader));
    else mergeField(TxnResponse, response, tag, reader);
  }
}
