import type { OutputBuffer } from "../output_buffer.ts";
import { DEFAULT_TABLE_BYTES, DynamicTable } from "./dynamic_table.ts";
import type { HeaderField } from "./header_field.ts";
import { writeInteger, writeString } from "./integer.ts";
import { STATIC_TABLE } from "./static_table.ts";

const STATIC_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map((field, i) => [field.key, i + 1]),
);
/** The first static field of each name. */
const STATIC_NAME: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map((field, i) => [field.name, i + 1] as const).reverse(),
);

/** Their values differ from message to message: in the table they would only push others out. */
const FLEETING = new Set([
  ":path",
  "age",
  "content-length",
  "content-range",
  "date",
  "etag",
  "expires",
  "grpc-message",
  "last-modified",
  "location",
]);
/** Never in a table, here or at any hop, so that nobody can guess them by their size. */
const SECRET = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie", "token"]);

/** Longer fields are not worth the room in the table. */
const INDEXED_BYTES_MAX = 256;

/** Writes header blocks, with the table that they share. Ref: RFC 7541 §6. */
export class HpackEncoder {
  readonly #numbers = new Map<string, number>();
  readonly #table: DynamicTable;
  /** Invariant: null, or the smallest size since the last block, which the next one must tell. */
  #smallestBytesMax: number | null = null;

  constructor() {
    this.#table = new DynamicTable(DEFAULT_TABLE_BYTES, (field, number) => {
      if (this.#numbers.get(field.key) === number) this.#numbers.delete(field.key);
    });
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. More than the default is not made use of. */
  setTableBytesMax(bytesMax: number): void {
    const wanted = Math.min(bytesMax, DEFAULT_TABLE_BYTES);
    if (wanted === this.#table.bytesMax) return;
    this.#smallestBytesMax = Math.min(this.#smallestBytesMax ?? wanted, wanted);
    this.#table.resize(wanted);
  }

  /** Writes one whole header block. */
  encode(fields: readonly HeaderField[], out: OutputBuffer): void {
    if (this.#smallestBytesMax !== null) this.#tellSize(this.#smallestBytesMax, out);
    for (const field of fields) this.#field(field, out);
  }

  #tellSize(smallest: number, out: OutputBuffer): void {
    writeInteger(out, 0x20, 5, smallest);
    if (smallest !== this.#table.bytesMax) writeInteger(out, 0x20, 5, this.#table.bytesMax);
    this.#smallestBytesMax = null;
  }

  #field(field: HeaderField, out: OutputBuffer): void {
    const fixed = STATIC_INDEX.get(field.key);
    if (fixed !== undefined) {
      writeInteger(out, 0x80, 7, fixed);
      return;
    }
    const number = this.#numbers.get(field.key);
    if (number !== undefined) {
      writeInteger(out, 0x80, 7, STATIC_TABLE.length + 1 + this.#table.inserted - number);
      return;
    }
    const isSecret = SECRET.has(field.name);
    if (isSecret || FLEETING.has(field.name) || field.sizeBytes > INDEXED_BYTES_MAX) {
      this.#literal(field, isSecret ? 0x10 : 0, 4, out);
      return;
    }
    this.#literal(field, 0x40, 6, out);
    if (this.#table.insert(field)) this.#numbers.set(field.key, this.#table.inserted);
  }

  #literal(field: HeaderField, firstByte: number, prefixBits: number, out: OutputBuffer): void {
    const nameIndex = STATIC_NAME.get(field.name) ?? 0;
    writeInteger(out, firstByte, prefixBits, nameIndex);
    if (nameIndex === 0) writeString(out, field.name);
    writeString(out, field.value);
  }
}
