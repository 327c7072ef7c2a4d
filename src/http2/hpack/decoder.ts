import { DEFAULT_TABLE_BYTES, DynamicTable } from "./dynamic_table.ts";
import { HeaderField } from "./header_field.ts";
import { BlockReader, malformed } from "./integer.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** What one header block held. */
export interface HeaderList {
  /** The fields in order; those past the size limit are left out. */
  readonly fields: HeaderField[];
  /** Whether the list was larger than the limit. */
  isTooLarge: boolean;
}

/** Reads header blocks, with the table that they share. Ref: RFC 7541 §3. */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #tableBytesMax: number;
  readonly #listBytesMax: number;

  /**
   * @param listBytesMax The largest list that is handed out, as RFC 9113 §6.5.2 measures it.
   * @param tableBytesMax What our settings allow the peer's encoder to use.
   */
  constructor(listBytesMax: number, tableBytesMax: number = DEFAULT_TABLE_BYTES) {
    this.#listBytesMax = listBytesMax;
    this.#tableBytesMax = tableBytesMax;
    this.#table = new DynamicTable(tableBytesMax);
  }

  /**
   * Reads one whole header block. The table is kept up even when the list is too large, because the
   * blocks that follow refer to it.
   *
   * @throws {ConnectionError} If the block is malformed.
   */
  decode(bytes: Uint8Array, start: number, end: number): HeaderList {
    const reader = new BlockReader(bytes, start, end);
    const list: HeaderList = { fields: [], isTooLarge: false };
    let listBytes = 0;
    let mayResize = true;
    while (!reader.isAtEnd) {
      const byte = reader.peek();
      if ((byte & 0xe0) === 0x20) {
        if (!mayResize) throw malformed("a table size update comes after a field");
        this.#resize(reader.integer(5));
        continue;
      }
      mayResize = false;
      const field = byte >= 0x80 ? this.#indexed(reader.integer(7)) : this.#literal(reader, byte);
      listBytes += field.sizeBytes;
      if (listBytes > this.#listBytesMax) list.isTooLarge = true;
      else list.fields.push(field);
    }
    return list;
  }

  #indexed(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.at(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw malformed("an index in a header block is in no table");
    return field;
  }

  #literal(reader: BlockReader, byte: number): HeaderField {
    const isInserted = (byte & 0x40) !== 0;
    const index = reader.integer(isInserted ? 6 : 4);
    const name = index === 0 ? reader.string() : this.#indexed(index).name;
    const field = new HeaderField(name, reader.string());
    if (isInserted) this.#table.insert(field);
    return field;
  }

  #resize(bytesMax: number): void {
    if (bytesMax > this.#tableBytesMax) {
      throw malformed("a table size update is past what our settings allow");
    }
    this.#table.resize(bytesMax);
  }
}
