import { JournalLogStore } from "../journal/journal_log_store.ts";
import type { LogStore } from "../log_store.ts";
import { IndexedDbMedium } from "./indexeddb_medium.ts";

/**
 * A log in a database of this origin, with strict durability. One tab or worker can have it open at a
 * time; `open` refuses a second one.
 *
 * @example A page that remembers
 * ```ts
 * import { EmbeddedReplica } from "@kvorum/kvorum/embedded";
 * import { indexedDbLogStore } from "@kvorum/kvorum/storage/indexeddb";
 *
 * export async function countVisit(): Promise<number> {
 *   await using replica = await EmbeddedReplica.open({ storage: indexedDbLogStore("visits") });
 *   await using client = replica.connect();
 *   const visits = Number((await client.get("visits"))?.text() ?? 0) + 1;
 *   await client.put("visits", `${visits}`);
 *   return visits;
 * }
 * ```
 */
export function indexedDbLogStore(databaseName: string): LogStore {
  return new JournalLogStore(new IndexedDbMedium(databaseName));
}
