import type { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { WireReader } from "./wire_reader.ts";

/**
 * What a field holds, here and on the wire. Numbers are safe integers: `int64Clamped` is for those
 * that are only compared with others, and takes what is beyond as the nearest safe integer, where
 * the rest refuse it. 64-bit identifiers (`…Id`) are exact.
 */
export type FieldKind =
  | "bytes"
  | "string"
  | "bool"
  | "int64"
  | "int64Clamped"
  | "uint64"
  | "int64Id"
  | "uint64Id"
  | "uint32"
  | "enum"
  | "message";

/** What one field of a message is, apart from its name. `V` is the type of its value. */
export interface FieldSpec<V> {
  readonly kind: FieldKind;
  readonly number: number;
  /** The name in the .proto file, where it is not the property's name in snake case. */
  readonly protoName?: string;
  /** Whether the value is an array. */
  readonly repeated?: boolean;
  /** The group of fields of which at most one is present. */
  readonly oneof?: string;
  /** The schema of a message. A function, because messages may contain each other. */
  readonly schema?: () => MessageSchema<object>;
  /** The values of an enum by name. */
  readonly values?: Readonly<Record<string, number>>;
  /** Never set; it ties the specification to the type of the value. */
  readonly phantom?: V;
}

/** One field of a message, ready for the codecs. */
export interface Field extends FieldSpec<unknown> {
  /** The property of the message that holds the value. */
  readonly key: string;
  /** The name in the .proto file and in the JSON that we write. */
  readonly name: string;
  /** The name in lower camel case, which JSON may also use. */
  readonly jsonName: string;
  /** What precedes the value in JSON: the quoted name and a colon. */
  readonly jsonPrefix: string;
  /** What precedes the value on the wire: the number and the wire type. */
  readonly tag: number;
  /** The value of a field that is not there, or undefined for one that is then absent. */
  readonly zero: unknown;
  /** The names of an enum's values by number. */
  readonly valueNames: ReadonlyMap<number, string>;
}

/** What is written by hand for one message because it is clearly faster than the generic code. */
export interface HandMadeCodec<T> {
  /** A message with no field set. */
  zero?(): T;
  /** Reads all that the reader's current message has left into a message. */
  merge?(message: T, reader: WireReader): void;
  /** Appends a message's fields. */
  write?(message: T, writer: ByteWriter): void;
}

/** The specifications of all fields of `T`, in declaration order. */
export type FieldSpecs<T> = { readonly [K in keyof T]-?: FieldSpec<Required<T>[K]> };

const NO_NAMES: ReadonlyMap<number, string> = new Map();

function snakeCase(camelCase: string): string {
  return camelCase.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function lowerCamelCase(protoName: string): string {
  return protoName.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

function wireType(spec: FieldSpec<unknown>): number {
  switch (spec.kind) {
    case "bytes":
    case "string":
    case "message":
      return 2;
    default:
      return spec.repeated === true ? 2 : 0; // Repeated numbers are packed.
  }
}

function zeroOf(spec: FieldSpec<unknown>): unknown {
  if (spec.oneof !== undefined) return undefined;
  switch (spec.kind) {
    case "bytes":
      return EMPTY_BYTES;
    case "string":
      return "";
    case "bool":
      return false;
    case "int64Id":
    case "uint64Id":
      return 0n;
    case "message":
      return undefined;
    default:
      return 0;
  }
}

function toField(key: string, spec: FieldSpec<unknown>): Field {
  const name = spec.protoName ?? snakeCase(key);
  return {
    ...spec,
    key,
    name,
    jsonName: lowerCamelCase(name),
    jsonPrefix: `${JSON.stringify(name)}:`,
    tag: spec.number * 8 + wireType(spec),
    zero: zeroOf(spec),
    valueNames: spec.values === undefined
      ? NO_NAMES
      : new Map(Object.entries(spec.values).map(([value, number]) => [number, value])),
  };
}

/** Everything that the codecs know about one kind of message. */
export class MessageSchema<T extends object> {
  /** The message's full name, as "etcdserverpb.PutRequest". */
  readonly name: string;
  /** The fields in declaration order. */
  readonly fields: readonly Field[];
  /** The fields by their numbers; most numbers have none. */
  readonly byNumber: readonly (Field | undefined)[];
  /** The fields by each of their two names. */
  readonly byJsonName: ReadonlyMap<string, Field>;
  /** Takes the generic code's place where there is some. Why always all three: one hidden class. */
  readonly handMade: {
    readonly [K in keyof HandMadeCodec<T>]-?: HandMadeCodec<T>[K] | undefined;
  };

  /**
   * @param specs The fields; or what makes them, so that bundlers see that a schema marked as pure
   * can be left out when nobody uses it.
   */
  constructor(
    name: string,
    specs: FieldSpecs<T> | (() => FieldSpecs<T>),
    handMade: HandMadeCodec<T> = {},
  ) {
    const ready = typeof specs === "function" ? specs() : specs;
    const fields = Object.entries<FieldSpec<unknown>>(ready).map(([key, spec]) =>
      toField(key, spec)
    );
    const byNumber: (Field | undefined)[] = [];
    const byJsonName = new Map<string, Field>();
    for (const field of fields) {
      while (byNumber.length < field.number) byNumber.push(undefined);
      byNumber[field.number] = field;
      byJsonName.set(field.name, field);
      byJsonName.set(field.jsonName, field);
    }
    this.name = name;
    this.fields = fields;
    this.byNumber = byNumber;
    this.byJsonName = byJsonName;
    const { zero, merge, write } = handMade;
    this.handMade = { zero, merge, write };
  }

  /**
   * Adds what only one side of a connection needs: what servers read and write by hand is in
   * `server_half.ts`, and a client's page does without.
   */
  lend(handMade: HandMadeCodec<T>): void {
    Object.assign(this.handMade, handMade);
  }
}

/** A field of bytes. */
export function bytes(number: number): FieldSpec<Uint8Array> {
  return { kind: "bytes", number };
}

/** A field of text. */
export function string(number: number, protoName?: string): FieldSpec<string> {
  return { kind: "string", number, ...named(protoName) };
}

/** A field that is true or false. */
export function bool(number: number, protoName?: string): FieldSpec<boolean> {
  return { kind: "bool", number, ...named(protoName) };
}

/** A signed number that must be a safe integer. */
export function int64(number: number, protoName?: string): FieldSpec<number> {
  return { kind: "int64", number, ...named(protoName) };
}

/** A signed number that is only compared; beyond the safe integers it is the nearest of them. */
export function int64Clamped(number: number, protoName?: string): FieldSpec<number> {
  return { kind: "int64Clamped", number, ...named(protoName) };
}

/** A number that must be a safe integer and not negative. */
export function uint64(number: number, protoName?: string): FieldSpec<number> {
  return { kind: "uint64", number, ...named(protoName) };
}

/** A signed 64-bit identifier. */
export function int64Id(number: number, protoName?: string): FieldSpec<bigint> {
  return { kind: "int64Id", number, ...named(protoName) };
}

/** An unsigned 64-bit identifier. */
export function uint64Id(number: number, protoName?: string): FieldSpec<bigint> {
  return { kind: "uint64Id", number, ...named(protoName) };
}

/** An unsigned number of 32 bits. */
export function uint32(number: number): FieldSpec<number> {
  return { kind: "uint32", number };
}

/** One of `values`, by number. */
export function enumeration(
  number: number,
  values: Readonly<Record<string, number>>,
  protoName?: string,
): FieldSpec<number> {
  return { kind: "enum", number, values, ...named(protoName) };
}

/** A message inside the message. */
export function message<V extends object>(
  number: number,
  schema: () => MessageSchema<V>,
  protoName?: string,
): FieldSpec<V> {
  return { kind: "message", number, schema, ...named(protoName) };
}

/** Many of `spec`. */
export function repeated<V>(spec: FieldSpec<V>): FieldSpec<V[]> {
  const { phantom: _, ...rest } = spec;
  return { ...rest, repeated: true };
}

/** `spec` as a member of the group `oneof`. */
export function oneof<V>(group: string, spec: FieldSpec<V>): FieldSpec<V> {
  return { ...spec, oneof: group };
}

function named(protoName: string | undefined): { protoName?: string } {
  return protoName === undefined ? {} : { protoName };
}
