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
  readonly #ownerKey: Deno.KvKey;
  #versionstamp: string | null = null;

  constructor(kv: Deno.Kv, ownerKey: Deno.KvKey, description: string) {
    this.#kv = kv;
    this.#ownerKey = ownerKey;
    this.description = description;
  }

  /** Becomes the owner. */
  async claim(): Promise<void> {
    for (;;) {
      const owner = await this.get(this.#ownerKey);
      const claims = typeof owner.value === "number" ? owner.value : 0;
      const result = await this.#explained(() =>
        this.#kv.atomic().check(owner).set(this.#ownerKey, claims + 1).commit()
      );
      if (result.ok) {
        this.#versionstamp = result.versionstamp;
        return;
      }
    }
  }

  /** One atomic and durable commit. */
  async commit(fill: (operation: Deno.AtomicOperation) => void): Promise<void> {
    const operation = this.#kv.atomic();
    operation.check({ key: this.#ownerKey, versionstamp: this.#versionstamp });
    fill(operation);
    const result = await this.#explained(() => operation.commit());
    if (!result.ok) {
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
