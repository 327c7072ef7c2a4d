/**
 * One who writes a key and one who watches it, in a process of their own. It prints the latencies as
 * a line of JSON: from when a put is sent until its event is here, one at a time.
 *
 * watch_load.ts client|gateway SAMPLES URL
 */
import { connect } from "../../src/client/mod.ts";
import { say } from "../../tools/say.ts";

const KEY = "watched";
const VALUE = "x".repeat(256);
const PATIENCE_MS = 10_000;

/** Writes and watches. */
interface Watching {
  put(): Promise<void>;
  /** Waits for the next event. */
  event(): Promise<unknown>;
}

/** Kvorum's client over its WebSocket; the writer has a connection of its own. */
async function clientWatching(url: string): Promise<Watching> {
  const writer = connect(url);
  const watch = connect(url).watch(KEY);
  await watch.opened();
  const batches = watch[Symbol.asyncIterator]();
  return {
    async put() {
      await writer.put(KEY, VALUE);
    },
    event: () => batches.next(),
  };
}

/** JSON over HTTP, as both servers speak it. */
async function gatewayWatching(url: string): Promise<Watching> {
  const post = (path: string, body: object) =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body) });
  const key = btoa(KEY);
  const stream = (await post("/v3/watch", { create_request: { key } })).body;
  if (stream === null) throw new Error("The watch has no body");
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const line = async () => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The watch has ended");
      text += value;
    }
    text = text.slice(text.indexOf("\n") + 1);
  };
  // The first line says that the watch was created.
  await line();
  return {
    async put() {
      await (await post("/v3/kv/put", { key, value: btoa(VALUE) })).body?.cancel();
    },
    event: line,
  };
}

const [kind, samples, url] = Deno.args;
const watching = await (kind === "client" ? clientWatching : gatewayWatching)(url);
const latencies: number[] = [];
for (let i = 0; i < Number(samples); i++) {
  const timer = setTimeout(() => {
    throw new Error(`Event ${i} did not come`);
  }, PATIENCE_MS);
  const startMs = performance.now();
  const written = watching.put();
  await watching.event();
  latencies.push(performance.now() - startMs);
  await written;
  clearTimeout(timer);
}
say(JSON.stringify(latencies));
Deno.exit(0);
