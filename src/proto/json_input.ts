import { decodeBase64 } from "./base64.ts";
import { create, schemaOf } from "./codec.ts";
import type { Field, FieldKind, MessageSchema } from "./schema.ts";
import { MESSAGE_DEPTH_MAX } from "./wire_reader.ts";

/** Thrown when a JSON value does not have the form of the message that it should be. */
export class JsonMappingError extends Error {
  override name = "JsonMappingError";
}

/** What Go calls the kinds of fields; its words are part of the texts that clients see. */
const KIND_NAMES: Readonly<Record<FieldKind, string>> = {
  bytes: "bytes",
  string: "string",
  bool: "bool",
  int64: "int64",
  int64Clamped: "int64",
  uint64: "uint64",
  int64Id: "int64",
  uint64Id: "uint64",
  uint32: "uint32",
  enum: "enum",
  message: "message",
};

/** A number as JSON writes it. */
const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
/** What 2^63 - 1 becomes when JSON is parsed. */
const INT64_MAX_ROUNDED = 9_223_372_036_854_775_808;
const INTEGER = /^-?(0|[1-9][0-9]*)$/;

/**
 * The message in `value`, which `JSON.parse` made (a reviver may make large integers `bigint`, so
 * that they keep their digits). Names may be the .proto file's or in lower camel
 * case, integers may be numbers or strings, null means that a field is not there, and unknown names
 * (also those of enums' values) are ignored, as etcd's gateway does.
 * @throws {JsonMappingError} If `value` is not such a message; the text resembles protojson's.
 */
export function fromJson<T extends object>(schema: MessageSchema<T>, value: unknown): T {
  return messageFromJson(schema, value, 1);
}

function messageFromJson<T extends object>(
  schema: MessageSchema<T>,
  value: unknown,
  depth: number,
): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unexpectedToken(value);
  }
  if (depth > MESSAGE_DEPTH_MAX) {
    throw new JsonMappingError("proto: exceeded max recursion depth");
  }
  const message = create(schema);
  const fields = message as Record<string, unknown>;
  const seen = new Set<Field | string>();
  for (const [name, content] of Object.entries(value)) {
    const field = schema.byJsonName.get(name);
    if (field === undefined) continue;
    if (seen.has(field)) {
      throw new JsonMappingError(`proto: duplicate field ${JSON.stringify(name)}`);
    }
    seen.add(field);
    if (content === null) continue;
    if (field.repeated === true) {
      if (!Array.isArray(content)) throw unexpectedToken(content);
      const values = content.map((element) => valueFromJson(field, element, depth));
      fields[field.key] = values.filter((element) => element !== undefined);
      continue;
    }
    if (field.oneof !== undefined) {
      if (seen.has(field.oneof)) {
        throw new JsonMappingError(
          `proto: error parsing ${
            JSON.stringify(name)
          }, oneof ${schema.name}.${field.oneof} is already set`,
        );
      }
      seen.add(field.oneof);
    }
    const parsed = valueFromJson(field, content, depth);
    if (parsed !== undefined) fields[field.key] = parsed;
  }
  return message;
}

/** The value of a field, or undefined for one that is ignored. */
function valueFromJson(field: Field, value: unknown, depth: number): unknown {
  switch (field.kind) {
    case "message":
      return messageFromJson(schemaOf(field), value, depth + 1);
    case "bool":
      if (typeof value === "boolean") return value;
      throw invalidValue(field, value);
    case "string":
      if (typeof value === "string") return value;
      throw invalidValue(field, value);
    case "bytes": {
      const bytes = typeof value === "string" ? decodeBase64(value) : undefined;
      if (bytes === undefined) throw invalidValue(field, value);
      return bytes;
    }
    case "enum":
      if (typeof value === "string") return enumNumber(field, value);
      return integer(field, value, -0x8000_0000, 0x7fff_ffff);
    case "uint32":
      return integer(field, value, 0, 0xffff_ffff);
    case "int64":
      return integer(field, value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case "int64Clamped":
      return clamp(integer(field, value, -INT64_MAX_ROUNDED, INT64_MAX_ROUNDED));
    case "uint64":
      return integer(field, value, 0, Number.MAX_SAFE_INTEGER);
    case "int64Id": {
      const id = identifier(field, value);
      if (id !== BigInt.asIntN(64, id)) throw invalidValue(field, value);
      return id;
    }
    case "uint64Id": {
      const id = identifier(field, value);
      if (id !== BigInt.asUintN(64, id)) throw invalidValue(field, value);
      return id;
    }
  }
}

function enumNumber(field: Field, name: string): number | undefined {
  const values = field.values ?? {};
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function clamp(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}

function integer(field: Field, value: unknown, min: number, max: number): number {
  const isNumber = typeof value === "number" || typeof value === "bigint" ||
    typeof value === "string" && field.kind !== "enum" && JSON_NUMBER.test(value);
  const number = isNumber ? Number(value) : NaN;
  if (Number.isInteger(number) && number >= min && number <= max) return number + 0;
  throw invalidValue(field, value);
}

/** An integer of any size; exact if it is a string of digits or a bigint. */
function identifier(field: Field, value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && INTEGER.test(value) && value.length <= 20) return BigInt(value);
  const isNumber = typeof value === "number" ||
    typeof value === "string" && JSON_NUMBER.test(value);
  const number = isNumber ? Number(value) : NaN;
  if (Number.isInteger(number)) return BigInt(number);
  throw invalidValue(field, value);
}

function invalidValue(field: Field, value: unknown): JsonMappingError {
  return new JsonMappingError(
    `proto: invalid value for ${KIND_NAMES[field.kind]} field ${field.jsonName}: ${token(value)}`,
  );
}

function unexpectedToken(value: unknown): JsonMappingError {
  return new JsonMappingError(`proto: syntax error: unexpected token ${token(value)}`);
}

/** The first token of a JSON value. */
function token(value: unknown): string {
  if (Array.isArray(value)) return "[";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "object" && value !== null) return "{";
  return JSON.stringify(value) ?? "";
}
