import { promisifyRequest, type UseStore } from "idb-keyval";
import { StorageError } from "../errors.ts";
import { explainWebError } from "../web/web_error.ts";

const OBJECT_STORE = "kvorum";
const VERSION = 1;

/**
 * One object store of one database, for idb-keyval. Its writing transactions have strict durability:
 * they complete when the data is on the disk and not before. (With the default of some browsers they
 * complete earlier, and a power loss takes what had been acknowledged.)
 */
export class StrictStore {
  readonly #description: string;
  readonly #database: IDBDatabase;
  #isGone = false;

  private constructor(database: IDBDatabase, description: string) {
    this.#database = database;
    this.#description = description;
    // Somebody deletes the database, or a newer page upgrades it: holding on would block them.
    database.onversionchange = () => {
      this.#isGone = true;
      database.close();
    };
    database.onclose = () => this.#isGone = true;
  }

  /** Opens the database and makes it if there is none. */
  static async open(name: string, description: string): Promise<StrictStore> {
    try {
      const request = indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(OBJECT_STORE);
      return new StrictStore(await promisifyRequest(request), description);
    } catch (error) {
      throw explainWebError(error, description);
    }
  }

  /** What idb-keyval's functions take as their last argument. */
  readonly use: UseStore = async (mode, callback) => {
    if (this.#isGone) {
      throw new StorageError(
        `Cannot use ${this.#description}: it has been deleted, or upgraded by another tab. Let ` +
          "this replica begin anew and catch up from the others",
      );
    }
    try {
      const transaction = this.#database.transaction(OBJECT_STORE, mode, { durability: "strict" });
      return await callback(transaction.objectStore(OBJECT_STORE));
    } catch (error) {
      throw explainWebError(error, this.#description);
    }
  };

  /** Gives the database back. */
  close(): void {
    this.#database.close();
  }
}
