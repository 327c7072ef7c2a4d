/** Frames of the multiplexed protocol from their items, and items at random. */
import fc from "fast-check";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import {
  type AnswerItems,
  type RequestItem,
  writeAnswerHead,
  writeCallHead,
  writeCancel,
  writeCredit,
  writeEnd,
  writeError,
  writeMessageHead,
  writeOpenHead,
} from "../../../src/proto/multiplex/frame.ts";

export function encodeItems(items: readonly (RequestItem | AnswerItems)[]): Uint8Array {
  const writer = new ByteWriter();
  for (const item of items) {
    writeHead(item, writer);
    if ("body" in item) writer.bytes(item.body);
  }
  return writer.copy();
}

function writeHead(item: RequestItem | AnswerItems, writer: ByteWriter): void {
  switch (item.type) {
    case "call": {
      const { id, method, sequence, deadlineMs, requireLeader } = item;
      return writeCallHead(id, method, sequence, deadlineMs, requireLeader, writer);
    }
    case "open":
      return writeOpenHead(item, writer);
    case "message":
      return writeMessageHead(item.id, writer);
    case "credit":
      return writeCredit(item.id, item.bytes, writer);
    case "cancel":
      return writeCancel(item.id, writer);
    case "answer":
      return writeAnswerHead(item.id, writer);
    case "error":
      return writeError(item.id, item.code, item.message, writer);
    case "end":
      return writeEnd(item.id, writer);
  }
}

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const method = fc.nat({ max: 255 });
const body = fc.uint8Array({ maxLength: 300 });
const requireLeader = fc.boolean();
const message = fc.record({ type: fc.constant("message" as const), id, body });

export const requestItem: fc.Arbitrary<RequestItem> = fc.oneof(
  fc.record({
    type: fc.constant("call" as const),
    ...{ id, method, requireLeader, body },
    sequence: count,
    deadlineMs: count,
  }),
  fc.record({
    type: fc.constant("open" as const),
    ...{ id, method, requireLeader, body },
    creditBytes: count,
  }),
  message,
  fc.record({ type: fc.constant("credit" as const), id, bytes: count }),
  fc.record({ type: fc.constant("cancel" as const), id }),
);

export const answerItem: fc.Arbitrary<AnswerItems> = fc.oneof(
  fc.record({ type: fc.constant("answer" as const), id, body }),
  fc.record({
    type: fc.constant("error" as const),
    id,
    code: fc.integer({ min: 1, max: 16 }),
    message: fc.string({ unit: "grapheme" }),
  }),
  message,
  fc.record({ type: fc.constant("end" as const), id }),
);
