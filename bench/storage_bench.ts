/**
 * How many batches a second the durable logs take, each against a bare loop that writes as many bytes
 * with the same calls in the same run, and how long recovery takes. Run it with
 * `deno task bench storage_bench [file] [deno_kv] [browser] [recovery]`. Figures of
 * different runs, and of different disks, do not compare; the ratios do.
 */
import { configurationOf } from "../src/raft/configuration.ts";
import { EntryKind } from "../src/raft/entry.ts";
import type { SnapshotManifest } from "../src/raft/snapshot.ts";
import { openDenoKvLogStore } from "../src/storage/deno_kv/deno_kv_log_store.ts";
import { fileLogStore } from "../src/storage/file/file_log_store.ts";
import { ChromiumPage } from "../tests/storage/browser/chromium.ts";
import { say } from "../tools/say.ts";
import { compare, frameOf, SHAPES, type Step, stepOfStore } from "./support/storage_rounds.ts";

const FILE_BYTES = 64 * 1_048_576;
const RECOVERY_BYTES = 1024 * 1_048_576;
const RECOVERY_ROUNDS = 5;
const SEGMENT_BYTES = 1_048_576;

async function bareFile(path: string, frame: Uint8Array): Promise<Step> {
  using made = await Deno.create(path);
  for (let written = 0; written < FILE_BYTES; written += 1_048_576) {
    made.writeSync(new Uint8Array(1_048_576));
  }
  await made.syncData();
  const file = await Deno.open(path, { write: true });
  let offset = 0;
  return () => {
    if ((offset += frame.length) > FILE_BYTES - frame.length) offset = file.seekSync(0, 0);
    file.writeSync(frame);
    return file.syncData();
  };
}

async function benchFile(directory: string): Promise<void> {
  for (const shape of SHAPES) {
    const bare = await bareFile(`${directory}/bare-${shape.name}`, frameOf(shape));
    const store = fileLogStore(`${directory}/file-${shape.name}`);
    say(await compare("file", shape, bare, await stepOfStore(store, shape)));
    await store.close();
  }
}

async function benchDenoKv(directory: string): Promise<void> {
  for (const shape of SHAPES) {
    const frame = frameOf(shape);
    const kv = await Deno.openKv(`${directory}/bare-${shape.name}.kv`);
    let sequence = 0;
    const bare = (): Promise<unknown> => kv.atomic().set(["bare", sequence++], frame).commit();
    const store = await openDenoKvLogStore(`${directory}/${shape.name}.kv`);
    say(await compare("deno_kv", shape, bare, await stepOfStore(store, shape)));
    await store.close();
    kv.close();
  }
}

async function benchBrowser(directory: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "browser",
      `${import.meta.dirname}/support/storage_browser_worker.ts`,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const page = `<!doctype html><script type="module">
    globalThis.run = () => new Promise((resolve) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(null);
    });
  </script>`;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) =>
      url.endsWith("/worker.js")
        ? new Response(stdout, { headers: { "content-type": "text/javascript" } })
        : new Response(page, { headers: { "content-type": "text/html" } }),
  );
  const browser = await ChromiumPage.open(
    `${directory}/p`,
    `http://127.0.0.1:${server.addr.port}/`,
  );
  const lines = await browser.page.evaluate(() => Reflect.get(globalThis, "run")());
  say(lines.join("\n"));
  await browser.close();
}

/** Fills a directory: one half of the bytes are entries of the log, the other a snapshot. */
async function makeLogAndSnapshot(path: string): Promise<void> {
  const store = fileLogStore(path);
  await store.open();
  const data = crypto.getRandomValues(new Uint8Array(1000));
  let index = 1;
  for (let bytes = 0; bytes < RECOVERY_BYTES / 2; bytes += 1000 * data.length) {
    const entries = Array.from(
      { length: 1000 },
      () => ({ term: 1, index: index++, kind: EntryKind.Command, data }),
    );
    await store.append({ hardState: null, entries });
  }
  const bytes = new Uint8Array(SEGMENT_BYTES);
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  const segments = Array.from(
    { length: RECOVERY_BYTES / 2 / SEGMENT_BYTES },
    (_, i) => ({ id: `segment-${i}`, byteLength: bytes.length, bytes }),
  );
  const manifest: SnapshotManifest = {
    index: 1,
    term: 1,
    configuration: configurationOf([1n]),
    header: new Uint8Array(1),
    segments: segments.map(({ id, byteLength }) => ({ id, byteLength })),
  };
  await store.saveSnapshot(manifest, segments);
  await store.close();
}

async function readAll(path: string): Promise<number> {
  let readBytes = 0;
  for await (const { name } of Deno.readDir(path)) {
    readBytes += (await Deno.readFile(`${path}/${name}`)).length;
  }
  return readBytes;
}

async function openAll(path: string): Promise<number> {
  const store = fileLogStore(path);
  const { entries, snapshot } = await store.open();
  for (const { id } of snapshot?.manifest.segments ?? []) await snapshot?.readSegment(id);
  await store.close();
  return entries.length;
}

/** Opens 1 GiB of log and snapshot, and reads the same files without looking at them. */
async function benchRecovery(directory: string): Promise<void> {
  const path = `${directory}/recovery`;
  await makeLogAndSnapshot(path);
  for (let round = 0; round < RECOVERY_ROUNDS; round++) {
    let begin = performance.now();
    const readBytes = await readAll(path);
    const readMs = performance.now() - begin;
    begin = performance.now();
    const entryCount = await openAll(path);
    const openMs = performance.now() - begin;
    say(
      `recovery   ${(readBytes / 1_048_576).toFixed(0)} MiB, ${entryCount} entries: read ` +
        `${readMs.toFixed(0)} ms, opened ${openMs.toFixed(0)} ms, ratio ${
          (openMs / readMs).toFixed(2)
        }`,
    );
  }
}

const BENCHES: Record<string, (directory: string) => Promise<void>> = {
  file: benchFile,
  deno_kv: benchDenoKv,
  browser: benchBrowser,
  recovery: benchRecovery,
};

if (import.meta.main) {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, run] of Object.entries(BENCHES)) {
      if (Deno.args.length === 0 || Deno.args.includes(name)) await run(directory);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
