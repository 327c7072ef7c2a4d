/** What the page does when the test asks it to. */
import {
  type BrowserReplica,
  KvorumError,
  Lock,
  openBrowserReplica,
  Session,
} from "../../src/browser/mod.ts";

let replica: BrowserReplica;
const seen: string[] = [];

Object.assign(globalThis, {
  run: {
    /** @returns what went wrong, or "open" */
    async open(endpoint: string, token: string): Promise<string> {
      const options = { worker: "/worker.js", endpoints: [endpoint], token };
      try {
        replica = await openBrowserReplica(options);
        return "open";
      } catch (error) {
        return String(error);
      }
    },
    status: () => ({ ...replica.status, memberId: String(replica.status.memberId), clusterId: "" }),
    isHolder: () => replica.isHolder,
    /** The names of the keys that this browser has, and the revision at which it has them. */
    async local(prefix: string): Promise<{ names: string[]; revision: number }> {
      const options = { serializable: true };
      const { kvs, revision } = await replica.client.range({ prefix }, options);
      return { names: kvs.map(({ name }) => name), revision };
    },
    async get(key: string): Promise<string | undefined> {
      return (await replica.client.get(key))?.text();
    },
    /** @returns the error of a read that the cluster would have to confirm within 100 ms */
    async tryToGet(key: string): Promise<string> {
      try {
        await replica.client.get(key, { deadlineMs: 100 });
        return "it was confirmed";
      } catch (error) {
        return error instanceof KvorumError ? error.code : String(error);
      }
    },
    async put(key: string, value: string): Promise<number> {
      return (await replica.client.put(key, value)).revision;
    },
    async watch(prefix: string): Promise<void> {
      const watch = replica.client.watch({ prefix }, { startRevision: 1 });
      await watch.opened();
      (async () => {
        for await (const { events } of watch) seen.push(...events.map(({ kv }) => kv.name));
      })();
    },
    seen: () => seen,
    async lock(): Promise<boolean> {
      await using session = await Session.open(replica.client);
      await using lock = await Lock.acquire(session, "job");
      return lock.token > 0;
    },
    clearData(): Promise<void> {
      return new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("kvorum-browser-browser");
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      });
    },
    close: () => replica.close(),
  },
});
