import type { HeaderField } from "./header_field.ts";

/** What both ends agree on before any setting arrives. Ref: RFC 9113 §6.5.2. */
export const DEFAULT_TABLE_BYTES = 4096;

/**
 * The fields that a connection has seen lately, the newest first; the oldest make room. Numbers
 * count insertions from the start of the connection. Ref: RFC 7541 §2.3.2 and §4.
 */
export class DynamicTable {
  readonly #fields: (HeaderField | undefined)[] = [];
  /** A power of two, so that a number's slot is found with a mask. */
  #mask = -1;
  #bytes = 0;
  #bytesMax: number;
  /** How many fields were ever inserted; the newest has this number. */
  inserted = 0;
  /** How many fields are in the table. */
  count = 0;
  readonly #onEvict: ((field: HeaderField, number: number) => void) | undefined;

  /** @param onEvict Is told of each field that leaves, with its number. */
  constructor(bytesMax: number, onEvict?: (field: HeaderField, number: number) => void) {
    this.#bytesMax = bytesMax;
    this.#onEvict = onEvict;
  }

  /** The size past which fields are evicted. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** The field inserted `age` insertions before the newest. */
  at(age: number): HeaderField | undefined {
    return age < this.count ? this.#fields[(this.inserted - age) & this.#mask] : undefined;
  }

  /** Changes the size limit and evicts what no longer fits. */
  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#evictTo(bytesMax);
  }

  /** Inserts a field; one that is larger than the table empties it. Tells whether it is in. */
  insert(field: HeaderField): boolean {
    this.#evictTo(this.#bytesMax - field.sizeBytes);
    if (field.sizeBytes > this.#bytesMax) return false;
    if (this.count > this.#mask) this.#grow();
    this.#fields[++this.inserted & this.#mask] = field;
    this.count++;
    this.#bytes += field.sizeBytes;
    return true;
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.count > 0) {
      const number = this.inserted - this.count + 1;
      const field = this.#fields[number & this.#mask] as HeaderField;
      this.#fields[number & this.#mask] = undefined;
      this.count--;
      this.#bytes -= field.sizeBytes;
      this.#onEvict?.(field, number);
    }
  }

  #grow(): void {
    const kept: HeaderField[] = [];
    for (let age = this.count - 1; age >= 0; age--) kept.push(this.at(age) as HeaderField);
    const slots = Math.max(16, (this.#mask + 1) * 2);
    this.#mask = slots - 1;
    this.#fields.length = 0;
    for (let slot = 0; slot < slots; slot++) this.#fields.push(undefined);
    const first = this.inserted - kept.length + 1;
    kept.forEach((field, i) => this.#fields[(first + i) & this.#mask] = field);
  }
}
