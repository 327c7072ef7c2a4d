import type { Data } from "../data.ts";
import type { KeyValue } from "../key_value.ts";
import type { PutOptions } from "../operation.ts";

/**
 * What a transaction sees of others, and which of their writes it yields to.
 *
 * - `serializable-snapshot`: it reads as of one revision, and nobody has changed since then what it
 *   has read or writes.
 * - `serializable`: it reads as of one revision, and nobody has changed since then what it has read.
 * - `repeatable-reads`: it reads a key once, whenever that is, and nobody has changed since then what
 *   it has read.
 * - `read-committed`: it reads a key once, whenever that is, and yields to nobody.
 */
export type Isolation =
  | "serializable-snapshot"
  | "serializable"
  | "repeatable-reads"
  | "read-committed";

/** The store as a transaction sees it: with its own writes, which nobody else sees before the end. */
export interface TransactionalMemory {
  /**
   * Reads a key. One that this transaction has put has revision 0 until the end.
   * @returns null if it is not there
   */
  get(key: string): Promise<KeyValue | null>;
  /** The revision that changed a key last, apart from this transaction; zero if it is not there. */
  modRevision(key: string): Promise<number>;
  /** Sets a key at the end. */
  put(key: string, value: Data, options?: PutOptions): void;
  /** Deletes a key at the end. */
  delete(key: string): void;
}
