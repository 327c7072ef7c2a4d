/**
 * How many batches a second the durable logs take, each against a bare loop that writes as many bytes
 * with the same calls in the same run, and how long recovery takes. Run it with
 * `deno task bench storage_bench [file] [deno_kv] [browser] [recovery]`. Figures of
 * different runs, and of different disks, do not compare; the ratios do.
 */
import { EntryKind } from "../src/raft/entry.ts";
import { openDenoKvLogStore } from "../src/storage/deno_kv/deno_kv_log_store.ts";
import { fileLogStore } from "../src/storage/file/file_log_store.ts";
import { ChromiumPage } from "../tests/storage/browser/chromium.ts";
import { say } from "../tools/say.ts";
import { compare, frameOf, SHAPES, type Step, stepOfStore } from "./support/storage_rounds.ts";

const FILE_BYTES = 64 * 1_048_576;
const RECOVERY_BYTES = 1024 * 1_048_576;

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

/** Opens 1 GiB of log, and reads the same files without looking at them. */
async function benchRecovery(directory: string): Promise<void> {
  const path = `${directory}/recovery`;
  const store = fileLogStore(path);
  await store.open();
  const data = crypto.getRandomValues(new Uint8Array(1000));
  let index = 1;
  for (let bytes = 0; bytes < RECOVERY_BYTES; bytes += 1000 * data.length) {
    const entries = Array.from(
      { length: 1000 },
      () => ({ term: 1, index: index++, kind: EntryKind.Command, data }),
    );
    await store.append({ hardState: null, entries });
  }
  await store.close();
  for (let round = 0; round < 3; round++) {
    let begin = performance.now();
    let readBytes = 0;
    for await (const { name } of Deno.readDir(path)) {
      readBytes += (await Deno.readFile(`${path}/${name}`)).length;
    }
    const readMs = performance.now() - begin;
    begin = performance.now();
    const again = fileLogStore(path);
    const { entries } = await again.open();
    const openMs = performance.now() - begin;
    await again.close();
    say(
      `recovery   ${(readBytes / 1_048_576).toFixed(0)} MiB, ${entries.length} entries: read ` +
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
