import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { IndexedDbMedium } from "./indexeddb_medium.ts";

/**
 * A log in a database of this origin, with strict durability. One tab or worker can have it open at a
 * time; `open` refuses a second one.
 */
export function indexedDbLogStore(databaseName: string): LogStore {
  return new JournalLogStore(new IndexedDbMedium(databaseName));
}
