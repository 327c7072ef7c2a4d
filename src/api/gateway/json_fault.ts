/**
 * Why a JSON value is not the message that it should be, in the words that etcd's gateway has for
 * it. This runs only after a request was found to be bad. Ref: Go's encoding/json and jsonpb, whose
 * order of checks is the fields' declaration order.
 */
import type { Field, MessageSchema } from "../../proto/schema.ts";
import { schemaOf } from "../../proto/codec.ts";
import { JsonScanner, JsonSyntaxError } from "./json_scanner.ts";

/** A number of a JSON text, as it is written there. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** The names that enums have in Go, by message and field. */
const ENUM_NAMES: Readonly<Record<string, string>> = {
  "RangeRequest.sort_order": "RangeRequest_SortOrder",
  "RangeRequest.sort_target": "RangeRequest_SortTarget",
  "Compare.result": "Compare_CompareResult",
  "Compare.target": "Compare_CompareTarget",
  "WatchCreateRequest.filters": "WatchCreateRequest_FilterType",
  "AlarmRequest.action": "AlarmRequest_AlarmAction",
  "AlarmRequest.alarm": "AlarmType",
  "DowngradeRequest.action": "DowngradeRequest_DowngradeAction",
};

type Limits = readonly [least: bigint, most: bigint];
const INT32: Limits = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT32: Limits = [0n, 2n ** 32n - 1n];
const INT64: Limits = [-(2n ** 63n), 2n ** 63n - 1n];
const UINT64: Limits = [0n, 2n ** 64n - 1n];

/** The first fault of `value` as a message of `schema`, or null when there is none. */
export function describeFault(schema: MessageSchema<object>, value: unknown): string | null {
  if (value === null) return null;
  if (!isObject(value)) return wrongType(value, "map[string]json.RawMessage");
  for (const field of schema.fields) {
    // The name of the .proto file takes precedence over the one in lower camel case.
    const member = value[field.name] ?? value[field.jsonName];
    if (member === undefined || member === null) continue;
    const fault = field.repeated === true
      ? repeatedFault(schema, field, member)
      : fieldFault(schema, field, member);
    if (fault !== null) return fault;
  }
  return null;
}

function repeatedFault(
  schema: MessageSchema<object>,
  field: Field,
  value: unknown,
): string | null {
  if (!Array.isArray(value)) {
    if (field.kind === "enum" && typeof value === "string") {
      return `invalid target "slice" for enum ${enumName(schema, field)}`;
    }
    return wrongType(value, "[]json.RawMessage");
  }
  for (const element of value) {
    const fault = fieldFault(schema, field, element);
    if (fault !== null) return fault;
  }
  return null;
}

function fieldFault(schema: MessageSchema<object>, field: Field, value: unknown): string | null {
  switch (field.kind) {
    case "message":
      return describeFault(schemaOf(field), value);
    case "bytes":
      return bytesFault(value);
    case "string":
      return typeof value === "string" ? null : wrongType(value, "string");
    case "bool":
      return typeof value === "boolean" ? null : wrongType(value, "bool");
    case "enum":
      return enumFault(schema, field, value);
    case "uint32":
      return numberFault(value, "uint32", UINT32);
    case "uint64":
    case "uint64Id":
      return numberFault(value, "uint64", UINT64);
    default:
      return numberFault(value, "int64", INT64);
  }
}

function enumName(schema: MessageSchema<object>, field: Field): string {
  const [packageName, messageName] = schema.name.split(".");
  const name = ENUM_NAMES[`${messageName}.${field.name}`] ?? `${messageName}_${field.name}`;
  return `${packageName}.${name}`;
}

function enumFault(schema: MessageSchema<object>, field: Field, value: unknown): string | null {
  const name = enumName(schema, field);
  if (typeof value !== "string") return numberFault(value, name, INT32);
  if (field.values !== undefined && Object.hasOwn(field.values, value)) return null;
  return `unknown value ${JSON.stringify(value)} for enum ${name}`;
}

function numberFault(value: unknown, goType: string, limits: Limits): string | null {
  const number = typeof value === "string" ? parsedText(value) : value;
  if (typeof number === "string") return number;
  if (!(number instanceof JsonNumber)) return wrongType(number, goType);
  const isWhole = /^-?\d+$/.test(number.source);
  if (isWhole && BigInt(number.source) >= limits[0] && BigInt(number.source) <= limits[1]) {
    return null;
  }
  return `json: cannot unmarshal number ${number.source} into Go value of type ${goType}`;
}

/** What the text of a number in quotes holds; a string is what is wrong with the text. */
function parsedText(text: string): unknown {
  const scanner = new JsonScanner();
  try {
    // Why the space: at the end of a text Go tries one, and may complain of it.
    const end = scanner.scan(new TextEncoder().encode(`${text} `), 0);
    if (end === -1) return "unexpected end of JSON input";
    if (text.slice(end).trim() !== "") {
      return `invalid character '${text.slice(end).trim()[0]}' after top-level value`;
    }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return error.message;
  }
  const value = parseExactly(text);
  return typeof value === "string" ? wrongType(value, "int64") : value;
}

function bytesFault(value: unknown): string | null {
  if (typeof value === "string") {
    const offset = base64Fault(value);
    return offset === null ? null : `illegal base64 data at input byte ${offset}`;
  }
  if (!Array.isArray(value)) return wrongType(value, "[]uint8");
  for (const element of value) {
    const fault = typeof element === "string"
      ? wrongType(element, "uint8")
      : numberFault(element, "uint8", [0n, 255n]);
    if (fault !== null) return fault;
  }
  return null;
}

const BASE64_DIGIT = /[A-Za-z0-9+/]/;
const LINE_BREAK = /[\r\n]/;

/** Where Go finds the first fault in base64 with padding, or null when there is none. */
function base64Fault(text: string): number | null {
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (LINE_BREAK.test(character)) continue;
    if (BASE64_DIGIT.test(character)) digits++;
    else if (character === "=" && digits % 4 >= 2) return paddingFault(text, i, digits % 4);
    else return i;
  }
  return digits % 4 === 0 ? null : text.length - digits % 4;
}

/** Checks from the first "=" on; after it there may be only the second one and line breaks. */
function paddingFault(text: string, first: number, digits: number): number | null {
  let missing = digits === 2 ? 1 : 0;
  for (let i = first + 1; i < text.length; i++) {
    if (LINE_BREAK.test(text[i])) continue;
    if (missing === 0) return i;
    if (text[i] !== "=") return i - 1;
    missing--;
  }
  return missing === 0 ? null : text.length;
}

function wrongType(value: unknown, goType: string): string {
  return `json: cannot unmarshal ${jsonType(value)} into Go value of type ${goType}`;
}

function jsonType(value: unknown): string {
  if (value instanceof JsonNumber) return "number";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof JsonNumber);
}

/** Parses JSON and keeps its numbers as they are written. */
export function parseExactly(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source: string }) =>
    typeof value === "number" ? new JsonNumber(context.source) : value;
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]);
}
