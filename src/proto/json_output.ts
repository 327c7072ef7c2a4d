import { encodeBase64 } from "./base64.ts";
import { isZero, schemaOf } from "./codec.ts";
import type { Field, MessageSchema } from "./schema.ts";

/**
 * `message` as JSON in the form of etcd's gateway: the .proto file's names in declaration order,
 * zero values left out, 64-bit integers as strings, bytes in base64, enums by name.
 */
export function toJson<T extends object>(schema: MessageSchema<T>, message: T): string {
  const fields = message as Record<string, unknown>;
  let json = "{";
  for (const field of schema.fields) {
    const value = fields[field.key];
    if (value === undefined) continue;
    if (field.repeated === true) {
      const values = value as readonly unknown[];
      if (values.length === 0) continue;
      if (json.length > 1) json += ",";
      json += field.jsonPrefix + listToJson(field, values);
    } else if (field.zero === undefined || !isZero(value)) {
      if (json.length > 1) json += ",";
      json += field.jsonPrefix + valueToJson(field, value);
    }
  }
  return json + "}";
}

function listToJson(field: Field, values: readonly unknown[]): string {
  let json = "[";
  for (const value of values) {
    if (json.length > 1) json += ",";
    json += valueToJson(field, value);
  }
  return json + "]";
}

function valueToJson(field: Field, value: unknown): string {
  switch (field.kind) {
    case "bytes":
      return `"${encodeBase64(value as Uint8Array)}"`;
    case "string":
      return JSON.stringify((value as string).toWellFormed());
    case "bool":
      return value === true ? "true" : "false";
    case "uint32":
      return String(value);
    case "enum": {
      const name = field.valueNames.get(value as number);
      return name === undefined ? String(value) : `"${name}"`;
    }
    case "message":
      return toJson(schemaOf(field), value as object);
    default:
      return `"${value as number | bigint}"`;
  }
}
