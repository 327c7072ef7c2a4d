/** From JSON to messages: fast for what is good, and in etcd's own words for what is not. */
import { create } from "../../proto/codec.ts";
import { fromJson } from "../../proto/json.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import { GrpcCode, RpcError } from "../errors.ts";
import { describeFault, JsonNumber, parseExactly } from "./json_fault.ts";
import { JsonScanner, JsonSyntaxError } from "./json_scanner.ts";

/** The refusal of a body that is not the message that it should be. */
export class MessageFault extends RpcError {
  override name = "MessageFault";

  constructor(message: string, options?: ErrorOptions) {
    super(GrpcCode.InvalidArgument, message, options);
  }
}

// Why the mark is kept: Go takes a byte order mark for what it is in JSON, a wrong character.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** A number, outside of quotes, that a double may not hold exactly: an identifier, most likely. */
const UNSAFE_NUMBER = /[:,[\s]-?\d{16}/;
/** A text with at most this many opening brackets cannot be nested too deeply. */
const BRACKETS_HARMLESS = 10_000;

/**
 * The message in a body: its first JSON value, or a message without fields when the body is empty.
 * @throws {MessageFault} with etcd's text when the body is not such a message
 */
export function decodeJson<T extends object>(schema: MessageSchema<T>, body: Uint8Array): T {
  if (body.length === 0) return create(schema);
  const text = decoder.decode(body);
  if (!UNSAFE_NUMBER.test(text) && !mayBeTooDeep(text)) {
    try {
      return fromJson(schema, JSON.parse(text));
    } catch {
      // What is wrong is found out below, by other means.
    }
  }
  return decodeFirstValue(schema, body);
}

/** Takes what Go takes and `JSON.parse` or the fast codec do not, or says what is wrong. */
function decodeFirstValue<T extends object>(schema: MessageSchema<T>, body: Uint8Array): T {
  const scanner = new JsonScanner();
  let end: number;
  try {
    end = scanner.scan(body, 0);
    if (end === -1 && scanner.end()) end = body.length;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid(error.message, error);
    throw error;
  }
  if (end === -1) return create(schema);
  return decodeValue(schema, decoder.decode(body.subarray(0, end)));
}

/**
 * The message in the text of one JSON value.
 * @throws {MessageFault} with etcd's text when it is not such a message
 */
export function decodeValue<T extends object>(schema: MessageSchema<T>, text: string): T {
  try {
    const value = parseExactly(text);
    if (value === null) return create(schema);
    const fault = describeFault(schema as unknown as MessageSchema<object>, value);
    if (fault !== null) throw invalid(fault);
    return fromJson(schema, plain(value));
  } catch (error) {
    if (error instanceof RpcError) throw error;
    // Why: what Go's limit lets pass may be nested more deeply than the engine's stack allows.
    if (error instanceof RangeError) throw invalid("exceeded max depth", error);
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

/** The value as the codec takes it. Numbers that a double cannot hold become text, which is exact. */
function plain(value: unknown): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.source);
    return Number.isSafeInteger(number) ? number : value.source;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function mayBeTooDeep(text: string): boolean {
  if (text.length <= 2 * BRACKETS_HARMLESS) return false;
  let brackets = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++brackets > BRACKETS_HARMLESS) return true;
    }
  }
  return false;
}

function invalid(message: string, cause?: unknown): MessageFault {
  return new MessageFault(message, { cause });
}
