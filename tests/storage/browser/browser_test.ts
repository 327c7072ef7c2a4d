import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ChromiumPage } from "./chromium.ts";

const WORKER = new URL("suite_worker.ts", import.meta.url).pathname;
const PAGE = `<!doctype html><script type="module">
  const worker = new Worker("/worker.js", { type: "module" });
  const waiting = [];
  globalThis.acknowledged = 0;
  worker.onerror = (event) => waiting.shift()?.("failed: " + event.message);
  worker.onmessage = ({ data }) => {
    if ("acknowledged" in data) globalThis.acknowledged = data.acknowledged;
    else waiting.shift()(data.answer);
  };
  globalThis.ask = (request) => new Promise((resolve) => {
    waiting.push(resolve);
    worker.postMessage(request);
  });
</script>`;

async function bundleWorker(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", WORKER],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function withPage(run: (url: string, profile: string) => Promise<void>): Promise<void> {
  const worker = await bundleWorker();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) =>
      url.endsWith("/worker.js")
        ? new Response(worker, { headers: { "content-type": "text/javascript" } })
        : new Response(PAGE, { headers: { "content-type": "text/html" } }),
  );
  const profile = await Deno.makeTempDir();
  try {
    await run(`http://127.0.0.1:${server.addr.port}/`, profile);
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}

/** Asks the worker, but not for ever. */
async function ask<T>(
  { page }: Pick<ChromiumPage, "page">,
  request: Record<string, unknown>,
): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("The worker does not answer")), ANSWER_MS);
  const answer = page.evaluate((value) => Reflect.get(globalThis, "ask")(value), request);
  try {
    return await Promise.race([answer, expired]) as T;
  } finally {
    clearTimeout(timer);
  }
}

/** An answer that takes longer never comes. */
const ANSWER_MS = 60_000;

/** The package that brings Chromium has it for Linux. */
const ignore = Deno.build.os !== "linux";

Deno.test(
  "LogStore in Chromium passes the suite",
  { ignore },
  (test) =>
    withPage(async (url, profile) => {
      const browser = await ChromiumPage.open(profile, url);
      try {
        for (const name of await ask<string[]>(browser, { list: true })) {
          await test.step(name, async () => {
            assertEquals(await ask<string | null>(browser, { test: name }), null);
          });
        }
      } finally {
        await browser.close();
      }
    }),
);

interface Found {
  readonly epoch: number;
  readonly last: number;
  readonly isIntact: boolean;
  readonly hasGap: boolean;
}

for (const storage of ["indexeddb", "opfs"]) {
  Deno.test(
    `LogStore in Chromium, ${storage}, stops when the quota is used up`,
    { ignore },
    () =>
      withPage(async (url, profile) => {
        const browser = await ChromiumPage.open(profile, url);
        try {
          await browser.setQuota(url, 2_000_000);
          const filled = await ask<{ acknowledged: number; message: string }>(browser, {
            fill: storage,
          });
          assertStringIncludes(filled.message, "StorageFailedError");
          assertStringIncludes(filled.message, "the browser's space for this site is used up");
          assert(filled.acknowledged >= 100, `${filled.acknowledged} entries fit`);
          await browser.setQuota(url, 200_000_000);
          const found: Found = JSON.parse(await ask<string>(browser, { recover: storage }));
          assertEquals([found.last, found.isIntact], [filled.acknowledged, true]);
        } finally {
          await browser.close();
        }
      }),
  );

  Deno.test(
    `LogStore in Chromium, ${storage}, is open in one tab at a time`,
    { ignore },
    () =>
      withPage(async (url, profile) => {
        const browser = await ChromiumPage.open(profile, url);
        try {
          assertEquals(await ask<string>(browser, { hold: storage }), "held");
          const page = await browser.page.context().newPage();
          await page.goto(url);
          const refused = await ask<string>({ page }, { hold: storage });
          assertStringIncludes(refused, "StorageLockedError: Cannot open");
          assertStringIncludes(refused, "another tab or worker is using it");
          await browser.page.close();
          await page.waitForFunction(
            (storage) =>
              Reflect.get(globalThis, "ask")({ hold: storage }).then((answer: string) =>
                answer === "held"
              ),
            storage,
            { timeout: ANSWER_MS },
          );
        } finally {
          await browser.close();
        }
      }),
  );

  Deno.test(
    `LogStore in Chromium, ${storage}, keeps what it acknowledged before a SIGKILL`,
    { ignore },
    () =>
      withPage(async (url, profile) => {
        for (let round = 1; round <= 3; round++) {
          const doomed = await ChromiumPage.open(profile, url);
          const begin = ask(doomed, { write: storage }).catch((error) => error);
          await doomed.page.waitForFunction(
            (count) => Reflect.get(globalThis, "acknowledged") > count,
            250 * round,
          );
          const acknowledged = await doomed.page.evaluate(() =>
            Reflect.get(globalThis, "acknowledged")
          );
          await doomed.kill();
          await begin;
          const browser = await ChromiumPage.open(profile, url);
          try {
            const found: Found = JSON.parse(await ask<string>(browser, { recover: storage }));
            assert(found.last >= acknowledged, `acknowledged ${acknowledged}, found ${found.last}`);
            assertEquals([found.epoch, found.isIntact, found.hasGap], [2 * round, true, false]);
          } finally {
            await browser.close();
          }
        }
      }),
  );
}
