import { MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Field, MessageSchema } from "./schema.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import { WireReader, WireType } from "./wire_reader.ts";

/** A message as the generic code sees it. */
type Fields = Record<string, unknown>;

/** Appends `message` in protobuf's binary form. */
export function encode<T extends object>(
  schema: MessageSchema<T>,
  message: T,
  writer: ByteWriter,
): void {
  if (schema.handMade.write !== undefined) schema.handMade.write(message, writer);
  else writeFields(schema, message as Fields, writer);
}

/** `message` in protobuf's binary form, as bytes of their own. */
export function encodeToBytes<T extends object>(schema: MessageSchema<T>, message: T): Uint8Array {
  const writer = new ByteWriter();
  encode(schema, message, writer);
  return writer.copy();
}

/**
 * The message in `bytes`. Its byte strings are views into `bytes`. Unknown fields are skipped.
 * @throws {MalformedBytesError} If the bytes are not such a message.
 */
export function decode<T extends object>(schema: MessageSchema<T>, bytes: Uint8Array): T {
  const message = create(schema);
  merge(schema, message, new WireReader(bytes));
  return message;
}

/** A message whose fields are zero, or absent, except for those in `fields`. */
export function create<T extends object>(schema: MessageSchema<T>, fields?: Partial<T>): T {
  const message = schema.handMade.zero?.() ?? zero(schema);
  return fields === undefined ? message : Object.assign(message, fields);
}

function zero<T extends object>(schema: MessageSchema<T>): T {
  const message: Fields = {};
  for (const field of schema.fields) {
    if (field.repeated === true) message[field.key] = [];
    else if (field.zero !== undefined) message[field.key] = field.zero;
  }
  return message as T;
}

/** Reads all that the reader's current message has left into `message`; what comes last wins. */
export function merge<T extends object>(
  schema: MessageSchema<T>,
  message: T,
  reader: WireReader,
): void {
  if (schema.handMade.merge !== undefined) schema.handMade.merge(message, reader);
  else while (reader.hasMore) mergeField(schema, message, reader.tag(), reader);
}

/** Reads the message that starts at the reader with its length, on top of `message` if there is one. */
export function readMessage<T extends object>(
  schema: MessageSchema<T>,
  reader: WireReader,
  message: T = create(schema),
): T {
  const outerEnd = reader.enter();
  merge(schema, message, reader);
  reader.leave(outerEnd);
  return message;
}

/** Reads the value of the field whose tag was read last. A field that nobody knows is skipped. */
export function mergeField<T extends object>(
  schema: MessageSchema<T>,
  message: T,
  tag: number,
  reader: WireReader,
): void {
  const field = schema.byNumber[tag >>> 3];
  const fields = message as Fields;
  if (field === undefined) {
    reader.skip(tag);
  } else if (field.repeated === true) {
    mergeRepeated(schema, field, fields[field.key] as unknown[], tag, reader);
  } else if (tag !== field.tag) {
    throw wrongWireType(schema, field, tag);
  } else {
    const value = readValue(field, reader, fields[field.key]);
    if (field.oneof !== undefined) clearOneof(schema, field, fields);
    fields[field.key] = value;
  }
}

function mergeRepeated(
  schema: MessageSchema<object>,
  field: Field,
  values: unknown[],
  tag: number,
  reader: WireReader,
): void {
  const isNumber = wireTypeOf(field) === WireType.VARINT;
  if (!isNumber && tag === field.tag || isNumber && (tag & 7) === WireType.VARINT) {
    values.push(readValue(field, reader, undefined));
  } else if (tag === field.tag) {
    const outerEnd = reader.enter();
    while (reader.hasMore) values.push(readValue(field, reader, undefined));
    reader.leave(outerEnd);
  } else {
    throw wrongWireType(schema, field, tag);
  }
}

function clearOneof(schema: MessageSchema<object>, kept: Field, fields: Fields): void {
  for (const field of schema.fields) {
    if (field.oneof === kept.oneof && field !== kept) delete fields[field.key];
  }
}

function wireTypeOf(field: Field): number {
  const { kind } = field;
  return kind === "bytes" || kind === "string" || kind === "message"
    ? WireType.LENGTH
    : WireType.VARINT;
}

function wrongWireType(
  schema: MessageSchema<object>,
  field: Field,
  tag: number,
): MalformedBytesError {
  return new MalformedBytesError(
    `Cannot read ${schema.name}.${field.name}: wire type ${tag & 7} is not the field's`,
  );
}

function readValue(field: Field, reader: WireReader, previous: unknown): unknown {
  switch (field.kind) {
    case "bytes":
      return reader.bytes();
    case "string":
      return reader.string();
    case "bool":
      return reader.bool();
    case "int64":
      return reader.int64();
    case "int64Clamped":
      return reader.int64Clamped();
    case "uint64":
      return reader.uint64();
    case "int64Id":
      return reader.int64Id();
    case "uint64Id":
      return reader.uint64Id();
    case "uint32":
      return reader.uint32();
    case "enum":
      return reader.enumNumber();
    case "message":
      return readMessage(schemaOf(field), reader, previous as object | undefined);
  }
}

/** The schema of a field that holds a message. */
export function schemaOf(field: Field): MessageSchema<object> {
  return (field.schema as () => MessageSchema<object>)();
}

/** Whether `value` is what a field holds that is not there, which is never written. */
export function isZero(value: unknown): boolean {
  return value === 0 || value === false || value === 0n || value === "" ||
    value instanceof Uint8Array && value.length === 0;
}

function writeFields(schema: MessageSchema<object>, message: Fields, writer: ByteWriter): void {
  for (const field of schema.fields) {
    const value = message[field.key];
    if (value === undefined) continue;
    if (field.repeated === true) {
      writeRepeated(field, value as readonly unknown[], writer);
    } else if (field.zero === undefined || !isZero(value)) {
      writer.varint(field.tag);
      writeValue(field, value, writer);
    }
  }
}

function writeRepeated(field: Field, values: readonly unknown[], writer: ByteWriter): void {
  if (wireTypeOf(field) === WireType.LENGTH) {
    for (const value of values) {
      writer.varint(field.tag);
      writeValue(field, value, writer);
    }
  } else if (values.length > 0) {
    writer.varint(field.tag);
    const start = writer.beginPart();
    for (const value of values) writeValue(field, value, writer);
    writer.endPart(start);
  }
}

function writeValue(field: Field, value: unknown, writer: ByteWriter): void {
  switch (field.kind) {
    case "bytes":
      writer.bytes(value as Uint8Array);
      break;
    case "string":
      writer.bytes(encodeUtf8(value as string));
      break;
    case "bool":
      writer.byte(value === true ? 1 : 0);
      break;
    case "int64Id":
    case "uint64Id":
      writer.varint64(value as bigint);
      break;
    case "message":
      writeMessage(schemaOf(field), value as object, writer);
      break;
    default:
      writeInt64(writer, value as number);
  }
}

/** Appends a message after its length. */
export function writeMessage<T extends object>(
  schema: MessageSchema<T>,
  message: T,
  writer: ByteWriter,
): void {
  const start = writer.beginPart();
  encode(schema, message, writer);
  writer.endPart(start);
}

/** Appends a signed number; a negative one takes ten bytes. */
export function writeInt64(writer: ByteWriter, value: number): void {
  if (value >= 0) writer.varint(value);
  else writer.varint64(BigInt(value));
}

/** Appends a field with the given one-byte tag that holds a number, unless it is zero. */
export function writeNumber(tag: number, value: number, writer: ByteWriter): void {
  if (value === 0) return;
  writer.byte(tag);
  writeInt64(writer, value);
}

/** Appends a field with the given one-byte tag that holds bytes, unless there are none. */
export function writeBytes(tag: number, bytes: Uint8Array, writer: ByteWriter): void {
  if (bytes.length === 0) return;
  writer.byte(tag);
  writer.bytes(bytes);
}

/** Appends a field with the given one-byte tag that holds an identifier, unless it is zero. */
export function writeId(tag: number, id: bigint, writer: ByteWriter): void {
  if (id === 0n) return;
  writer.byte(tag);
  writer.varint64(id);
}
