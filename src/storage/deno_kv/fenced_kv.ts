import { StorageError } from "../errors.ts";
import { explainKvError } from "./kv_error.ts";

/**
 * Deno KV in the hands of one owner. Whoever calls `claim` last is the owner: every commit checks that
 * the owner's key has not changed since, so what an earlier owner still tries to write fails whole.
 * That is all there is against two writers where no lock reaches, as between two isolates on Deno
 * Deploy.
 */
export class FencedKv {
  readonly description: string;
  readonly #kv: Deno.Kv;
  /** What the owner's key was when this owner claimed it. */
  #claim: Deno.AtomicCheck;

  constructor(kv: Deno.Kv, ownerKey: Deno.KvKey, description: string) {
    this.#kv = kv;
    this.#claim = { key: ownerKey, versionstamp: null };
    this.description = description;
  }

  /** Becomes the owner. */
  async claim(): Promise<void> {
    for (;;) {
      const { key } = this.#claim;
      const owner = await this.get(key);
      const claims = typeof owner.value === "number" ? owner.value : 0;
      const result = await this.#explained(() =>
        this.#kv.atomic().check(owner).set(key, claims + 1).commit()
      );
      if (result.ok) {
        this.#claim = { key, versionstamp: result.versionstamp };
        return;
      }
    }
  }

  /** One atomic and durable commit. */
  async commit(fill: (operation: Deno.AtomicOperation) => void): Promise<void> {
    const operation = this.#kv.atomic().check(this.#claim);
    fill(operation);
    let isOwner: boolean;
    try {
      isOwner = (await operation.commit()).ok;
    } catch (error) {
      throw explainKvError(error, this.description);
    }
    if (!isOwner) {
      throw new StorageError(`another process has opened ${this.description} and owns it now`);
    }
  }

  /** Reads one key. */
  get(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<unknown>> {
    return this.#explained(() => this.#kv.get(key));
  }

  /** Reads all keys under a prefix, in order. */
  async *list(prefix: Deno.KvKey): AsyncGenerator<Deno.KvEntry<unknown>> {
    try {
      yield* this.#kv.list({ prefix }, { batchSize: 200 });
    } catch (error) {
      throw explainKvError(error, this.description);
    }
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw explainKvError(error, this.description);
    }
  }

  /** Gives the database back. */
  close(): void {
    this.#kv.close();
  }
}
