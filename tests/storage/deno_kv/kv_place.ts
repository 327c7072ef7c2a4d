import { DenoKvMedium } from "../../../src/storage/deno_kv/kv_medium.ts";
import { LockFile } from "../../../src/storage/file/lock_file.ts";
import { JournalLogStore } from "../../../src/storage/journal/journal_log_store.ts";
import type { StorePlace } from "../log_store_suite.ts";

/** A database file in a directory of its own, whose processes can be ended without closing. */
export class KvPlace implements StorePlace {
  readonly directory: string = Deno.makeTempDirSync();
  readonly path: string = `${this.directory}/data.kv`;
  /** So many commits take effect, then the process is as good as dead. */
  commitsLeft: number = Number.POSITIVE_INFINITY;
  /** How many keys each commit has removed that removed any. */
  readonly removals: number[] = [];
  #handles: Array<() => void> = [];
  #failing: Deno.Kv | null = null;

  async store(): Promise<JournalLogStore> {
    const lockFile = new LockFile(`${this.path}.lock`);
    const kv = await Deno.openKv(this.path);
    let isOpen = true;
    const closeOnce = (): void => {
      if (isOpen) kv.close();
      isOpen = false;
    };
    this.#handles.push(() => {
      closeOnce();
      lockFile.unlock();
    });
    const proxied = new Proxy(kv, {
      get: (target, key) => {
        if (key === "close") return closeOnce;
        if (key === "atomic") return () => this.#counted(target.atomic());
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return new JournalLogStore(new DenoKvMedium(proxied, ["kvorum"], this.path, lockFile));
  }

  #counted(operation: Deno.AtomicOperation): Deno.AtomicOperation {
    const commit = operation.commit.bind(operation);
    const remove = operation.delete.bind(operation);
    let removed = 0;
    operation.delete = (key) => {
      removed++;
      return remove(key);
    };
    operation.commit = () => {
      if (this.commitsLeft-- <= 0) return Promise.reject(new Error("the process has died"));
      if (removed > 0) this.removals.push(removed);
      return commit();
    };
    return operation;
  }

  kill(): void {
    for (const end of this.#handles) end();
    this.#handles = [];
    this.commitsLeft = Number.POSITIVE_INFINITY;
  }

  /** Another process takes the data, past the lock. */
  async failWrites(): Promise<void> {
    this.#failing = await Deno.openKv(this.path);
    await this.#failing.set(["kvorum", "owner"], 1_000_000);
  }

  remove(): void {
    this.kill();
    this.#failing?.close();
    Deno.removeSync(this.directory, { recursive: true });
  }
}
