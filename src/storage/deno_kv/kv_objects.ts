import { concatBytes } from "../../base/bytes.ts";
import { StorageError } from "../errors.ts";
import { damaged } from "../journal/object_record.ts";
import type { FencedKv } from "./fenced_kv.ts";
import { COMMIT_PAGES_MAX, OBJECT_PAGES_MAX, pagesOf } from "./kv_limits.ts";

/** Where an object's pages are. */
interface Pointer {
  readonly generation: number;
  readonly pageCount: number;
  readonly byteLength: number;
}

/**
 * Objects in Deno KV. The pages of an object are written under a generation of their own; the commit
 * with the last of them sets the pointer under the object's name and removes the old generation, which
 * makes the replacement atomic. A generation that takes several commits is noted as a stray until
 * then, so that what an interrupted write left is found without reading all pages.
 */
export class KvObjects {
  readonly #kv: FencedKv;
  readonly #prefix: Deno.KvKey;
  readonly #pointers = new Map<string, Pointer>();

  constructor(kv: FencedKv, prefix: Deno.KvKey) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  #pageKey(name: string, generation: number, page: number): Deno.KvKey {
    return [...this.#prefix, "page", name, generation, page];
  }

  #pointerKey(name: string): Deno.KvKey {
    return [...this.#prefix, "pointer", name];
  }

  #strayKey(name: string, generation: number): Deno.KvKey {
    return [...this.#prefix, "stray", name, generation];
  }

  /** Reads which objects there are. */
  async load(): Promise<void> {
    this.#pointers.clear();
    for await (const { key, value } of this.#kv.list([...this.#prefix, "pointer"])) {
      const name = String(key.at(-1));
      if (!isPointer(value)) throw damaged(`${this.#kv.description}: the place of "${name}"`);
      this.#pointers.set(name, value);
    }
  }

  /** The names of all objects. */
  names(): string[] {
    return [...this.#pointers.keys()];
  }

  /** Reads an object, or null. */
  async read(name: string): Promise<Uint8Array | null> {
    const pointer = this.#pointers.get(name);
    if (pointer === undefined) return null;
    const pages: Uint8Array[] = [];
    const prefix = [...this.#prefix, "page", name, pointer.generation];
    for await (const { value } of this.#kv.list(prefix)) {
      if (!(value instanceof Uint8Array)) {
        throw damaged(`${this.#kv.description}: a page of "${name}" is not one`);
      }
      pages.push(value);
    }
    return pages.length === 1 ? pages[0] : concatBytes(pages);
  }

  /** Removes what an interrupted write left. */
  async removeStrays(): Promise<void> {
    for await (const { key, value } of this.#kv.list([...this.#prefix, "stray"])) {
      const [name, generation] = key.slice(-2);
      await this.#kv.commit((operation) => {
        operation.delete(key);
        for (let page = 0; page < Number(value); page++) {
          operation.delete(this.#pageKey(String(name), Number(generation), page));
        }
      });
    }
  }

  /** Writes or replaces an object. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const pages = pagesOf(bytes);
    if (pages.length > OBJECT_PAGES_MAX) {
      throw new StorageError(
        `Cannot write "${name}" to ${this.#kv.description}: it has ${bytes.length} bytes, too many`,
      );
    }
    const old = this.#pointers.get(name);
    const pointer: Pointer = {
      generation: (old?.generation ?? 0) + 1,
      pageCount: pages.length,
      byteLength: bytes.length,
    };
    for (let from = 0; from < pages.length; from += COMMIT_PAGES_MAX) {
      const to = Math.min(pages.length, from + COMMIT_PAGES_MAX);
      await this.#kv.commit((operation) => {
        for (let page = from; page < to; page++) {
          operation.set(this.#pageKey(name, pointer.generation, page), pages[page]);
        }
        if (to < pages.length) {
          operation.set(this.#strayKey(name, pointer.generation), pages.length);
          return;
        }
        operation.delete(this.#strayKey(name, pointer.generation));
        operation.set(this.#pointerKey(name), pointer);
        if (old !== undefined) this.#deletePages(operation, name, old);
      });
    }
    this.#pointers.set(name, pointer);
  }

  /** Removes an object, if there is one. */
  async remove(name: string): Promise<void> {
    const pointer = this.#pointers.get(name);
    if (pointer === undefined) return;
    await this.#kv.commit((operation) => {
      operation.delete(this.#pointerKey(name));
      this.#deletePages(operation, name, pointer);
    });
    this.#pointers.delete(name);
  }

  #deletePages(operation: Deno.AtomicOperation, name: string, pointer: Pointer): void {
    for (let page = 0; page < pointer.pageCount; page++) {
      operation.delete(this.#pageKey(name, pointer.generation, page));
    }
  }

  /** How many bytes the objects occupy. */
  byteLength(): number {
    let sum = 0;
    for (const { byteLength } of this.#pointers.values()) sum += byteLength;
    return sum;
  }
}

function isPointer(value: unknown): value is Pointer {
  return typeof value === "object" && value !== null && "generation" in value &&
    "pageCount" in value && "byteLength" in value;
}
