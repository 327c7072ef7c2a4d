/**
 * A replica in a page of Chromium: how large its scripts are, how soon it has 10,000 keys from the
 * server and from IndexedDB, and how many local reads a second the page gets.
 *
 * deno task bench browser
 */
import { gzipSync } from "node:zlib";
import { connect } from "../src/client/mod.ts";
import { bundle, Site, WORKER } from "../tests/browser/site.ts";
import { LocalCluster } from "../tests/e2e/local_cluster.ts";
import { ChromiumPage } from "../tests/storage/browser/chromium.ts";
import { say } from "../tools/say.ts";
import type { BrowserFigures } from "./support/browser_page.ts";

const KEYS = 10_000;
const BATCH = 100;
const ROUNDS = 5;
const TOKEN = "a token for benchmarks";
const PAGE = new URL("support/browser_page.ts", import.meta.url);

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function fill(url: string): Promise<void> {
  await using client = connect(url);
  for (let i = 0; i < KEYS; i += BATCH) {
    const puts = Array.from({ length: BATCH }, (_, j) => client.put(`k${i + j}`, "v".repeat(100)));
    await Promise.all(puts);
  }
}

for (const [name, url] of [["page", PAGE], ["worker", WORKER]] as const) {
  const script = await bundle(url);
  const { length } = gzipSync(script, { level: 9 });
  say(`${name.padEnd(8)}${(length / 1_000).toFixed(1)} kB compressed`);
}

await using cluster = new LocalCluster(1, [
  ...["--storage", "memory", "--cors", "*", "--max-browser-learners", String(ROUNDS)],
  ...["--allow-browser-learners", "--browser-learner-token", TOKEN],
]);
await cluster.start();
const [{ clientUrl }] = cluster.replicas;
await fill(clientUrl);
await using site = await Site.open(PAGE);
const first: BrowserFigures[] = [];
const again: BrowserFigures[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const profile = await Deno.makeTempDir();
  try {
    for (const figures of [first, again]) {
      const chromium = await ChromiumPage.open(profile, site.url);
      const call = `measure("${clientUrl}", "${TOKEN}", ${KEYS})`;
      figures.push(await chromium.page.evaluate<BrowserFigures>(call));
      await chromium.close();
    }
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}
const of = (figures: BrowserFigures[], name: keyof BrowserFigures) =>
  Math.round(median(figures.map((each) => each[name]))).toLocaleString("en");
say(`\n${KEYS.toLocaleString("en")} keys, median of ${ROUNDS} browsers`);
say(`from the server   ${of(first, "readyMs")} ms`);
say(`from IndexedDB    ${of(again, "openMs")} ms until it answers, ${of(again, "readyMs")} ms`);
say(
  `local reads/s     ${of(again, "readsOneByOne")} one by one, ${
    of(again, "readsTogether")
  } by 256`,
);
