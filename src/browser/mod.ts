/**
 * A replica in a browser: it learns what a cluster decides, keeps it in IndexedDB, and answers the
 * tabs of its site from there, offline too.
 *
 * @module
 */
export type { ClusterId, MemberId } from "../base/ids.ts";
export * from "../client/mod.ts";
export {
  BrowserReplica,
  type BrowserReplicaOptions,
  openBrowserReplica,
} from "./browser_replica.ts";
export { JoinError, type JoinReason } from "./join.ts";
export type { BrowserReplicaStatus } from "./status.ts";
