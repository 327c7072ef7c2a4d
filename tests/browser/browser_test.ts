import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { connect, memberList, memberRemove } from "../../src/client/mod.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { ChromiumPage } from "../storage/browser/chromium.ts";
import { Site } from "./site.ts";
import { until } from "./until.ts";

const TOKEN = "a token for tests";

type Page = ChromiumPage["page"];

/** What of a page's status the test looks at. */
interface Status {
  readonly memberId: string;
  readonly isConnected: boolean;
  readonly ageMs: number;
}

/** Calls one of the page's functions, but does not wait for ever. */
async function run<T>(page: Page, name: string, ...args: unknown[]): Promise<T> {
  const call = `run.${name}(${args.map((arg) => JSON.stringify(arg)).join()})`;
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`The page does not answer ${call}`)), ANSWER_MS);
  try {
    return await Promise.race([page.evaluate<T>(call), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** An answer that takes longer never comes. */
const ANSWER_MS = 60_000;

const isConnected = async (page: Page) => (await run<Status>(page, "status")).isConnected;

/** The package that brings Chromium has it for Linux. */
const ignore = Deno.build.os !== "linux";

Deno.test("openBrowserReplica() keeps a learner in Chromium", { ignore }, async (t) => {
  await using cluster = new LocalCluster(1, [
    ...["--storage", "memory", "--cors", "*"],
    ...["--allow-browser-learners", "--browser-learner-token", TOKEN],
  ]);
  const [site] = await Promise.all([
    Site.open(new URL("page.ts", import.meta.url)),
    cluster.start(),
  ]);
  await using _site = site;
  const [server] = cluster.replicas;
  await using servers = connect(server.clientUrl);
  await Promise.all(Array.from({ length: 50 }, (_, i) => servers.put(`k/${i}`, `${i}`)));
  const profile = await Deno.makeTempDir();
  let chromium = await ChromiumPage.open(profile, site.url);
  let { page } = chromium;
  try {
    await t.step("not with a wrong token", async () => {
      const refusal = await run<string>(page, "open", server.clientUrl, "another token for tests");
      assertStringIncludes(refusal, "JoinError: Cannot join");
    });

    await t.step("joins, catches up, reads and writes", async () => {
      assertEquals(await run(page, "open", server.clientUrl, TOKEN), "open");
      assertEquals(await run(page, "get", "k/49"), "49");
      const { names, revision } = await run<{ names: string[]; revision: number }>(
        page,
        "local",
        "k/",
      );
      assertEquals(names.length, 50);
      assert(revision >= 51);
      await run(page, "put", "from/page", "1");
      assertEquals((await servers.get("from/page"))?.text(), "1");
      assertEquals((await memberList(servers)).map(({ isLearner }) => isLearner).sort(), [
        false,
        true,
      ]);
    });

    await t.step("watches and locks", async () => {
      await run(page, "watch", "w/");
      await servers.put("w/0", "");
      await until(async () => (await run<string[]>(page, "seen")).length === 1);
      assertEquals(await run(page, "lock"), true);
    });

    await t.step("goes on reading offline, and misses nothing", async () => {
      await until(() => isConnected(page));
      Deno.kill(server.pid, "SIGSTOP");
      try {
        await until(async () => !await isConnected(page));
        assert((await run<Status>(page, "status")).ageMs > 0);
        assertEquals((await run<{ names: string[] }>(page, "local", "w/")).names, ["w/0"]);
        const code = await run<string>(page, "tryToGet", "w/0");
        assert(["DEADLINE_EXCEEDED", "UNAVAILABLE"].includes(code), code);
      } finally {
        Deno.kill(server.pid, "SIGCONT");
      }
      await servers.put("w/1", "");
      await until(async () => (await run<string[]>(page, "seen")).join() === "w/0,w/1");
    });

    await t.step("is shared by two tabs, and taken over when one closes", async () => {
      const other = await page.context().newPage();
      await other.goto(site.url);
      assertEquals(await run(other, "open", server.clientUrl, TOKEN), "open");
      assertEquals([await run(page, "isHolder"), await run(other, "isHolder")], [true, false]);
      await run(other, "put", "from/other", "1");
      await run(other, "watch", "w/");
      await until(async () => (await run<string[]>(other, "seen")).length === 2);
      const { memberId } = await run<Status>(other, "status");
      await page.close();
      page = other;
      await until(() => run(page, "isHolder"));
      await servers.put("w/2", "");
      await until(async () => (await run<string[]>(page, "seen")).join() === "w/0,w/1,w/2");
      await until(() => isConnected(page));
      assertEquals((await run<Status>(page, "status")).memberId, memberId);
    });

    await t.step(
      "reads what it had after the browser was killed, without its cluster",
      async () => {
        assertEquals((await run<{ names: string[] }>(page, "local", "w/")).names.length, 3);
        await chromium.kill();
        Deno.kill(server.pid, "SIGSTOP");
        try {
          chromium = await ChromiumPage.open(profile, site.url);
          page = chromium.page;
          assertEquals(await run(page, "open", server.clientUrl, TOKEN), "open");
          assertEquals((await run<{ names: string[] }>(page, "local", "k/")).names.length, 50);
          assertEquals(await isConnected(page), false);
        } finally {
          Deno.kill(server.pid, "SIGCONT");
        }
        await until(() => isConnected(page));
      },
    );

    await t.step("begins anew after its removal", async () => {
      const { memberId } = await run<Status>(page, "status");
      await memberRemove(servers, BigInt(memberId));
      await until(async () => (await run<Status>(page, "status")).memberId !== memberId);
      await until(() => isConnected(page));
      assertEquals(await run(page, "get", "k/49"), "49");
      assertNotEquals((await run<Status>(page, "status")).memberId, memberId);
    });

    await t.step("begins anew after its data was cleared", async () => {
      const { memberId } = await run<Status>(page, "status");
      await run(page, "clearData");
      await servers.put("k/50", "50"); // What cannot be stored shows that the storage is gone.
      await until(async () => (await run<Status>(page, "status")).memberId !== memberId);
      await until(() => isConnected(page));
      assertEquals(await run(page, "get", "k/50"), "50");
    });
    await run(page, "close");
  } finally {
    await chromium.close();
    await Deno.remove(profile, { recursive: true });
  }
});
