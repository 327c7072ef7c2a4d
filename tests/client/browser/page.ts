/** What the page does when the test asks it to. */
import { connect, KvorumError, Lock, Session } from "../../../src/client/mod.ts";

const client = connect(location.origin);
const watching = Promise.withResolvers<void>();

Object.assign(globalThis, {
  run: {
    isWatching: watching.promise,
    async basics(): Promise<unknown[]> {
      await client.put("a", "1");
      const text = (await client.get("a"))?.text();
      const watch = client.watch("a", { startRevision: 1 });
      let seen = "";
      for await (const { revision, events } of watch) {
        seen = `${revision} ${events[0].kv.name}`;
        break;
      }
      await using session = await Session.open(client);
      await using lock = await Lock.acquire(session, "job");
      let code = "";
      try {
        await client.put("", "");
      } catch (error) {
        if (error instanceof KvorumError) code = error.code;
      }
      return [text, seen, lock.token > 0, code];
    },
    async putLarge(byteLength: number): Promise<void> {
      await client.put("large", new Uint8Array(byteLength));
    },
    async watchTen(): Promise<string[]> {
      const watch = client.watch({ prefix: "w/" });
      await watch.opened();
      watching.resolve();
      const names: string[] = [];
      for await (const { events } of watch) {
        names.push(...events.map(({ kv }) => kv.name));
        if (names.length === 10) break;
      }
      return names;
    },
    async putTen(): Promise<void> {
      for (let i = 0; i < 10; i++) await client.put(`w/${i}`, "");
    },
    close: () => client.close(),
  },
});
