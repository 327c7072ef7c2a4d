/**
 * One client object in a process of its own, measured. It prints the figures as a line of JSON.
 *
 * client_load.ts kvorum|etcd3 put|get|watch MILLISECONDS IN_FLIGHT URL…
 *
 * Why a process: clients must not share a heap, and the one from npm must not get into the lock file.
 */
import { connect } from "../../src/client/mod.ts";
import { say } from "../../tools/say.ts";
import { openEtcd3 } from "./etcd3_client.ts";

const VALUE = new Uint8Array(256).fill(120);
const WATCH_SAMPLES = 300;
const WATCH_PATIENCE_MS = 3_000;

/** A client as far as it is measured. */
export interface LoadClient {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<unknown>;
  /** Begins to watch a key; `onValue` hears of each change. */
  watch(key: string, onValue: (value: Uint8Array) => void): Promise<void>;
}

function openKvorum(urls: readonly string[]): LoadClient {
  const client = connect(urls);
  return {
    put: (key, value) => client.put(key, value),
    get: (key) => client.get(key),
    async watch(key, onValue) {
      const watch = client.watch(key);
      await watch.opened();
      const reader = watch.readable().getReader();
      const next = async (): Promise<void> => {
        const { value } = await reader.read();
        for (const { kv } of value?.events ?? []) onValue(kv.value);
        await next();
      };
      next();
    },
  };
}

/** Keeps `inFlight` calls under way and answers how many ended in a second. */
async function rate(
  call: (key: string) => Promise<unknown>,
  durationMs: number,
  inFlight: number,
): Promise<number> {
  const startMs = performance.now() + durationMs / 5;
  const endMs = startMs + durationMs;
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async (_, i) => {
    for (let nowMs = performance.now(), n = 0; nowMs < endMs; n++) {
      await call(`bench/${i}/${n % 10}`);
      nowMs = performance.now();
      if (nowMs >= startMs && nowMs < endMs) count++;
    }
  }));
  return count / durationMs * 1_000;
}

/** How long after a put was sent its event is here, one at a time; none when one never came. */
async function watchLatencies(client: LoadClient): Promise<number[]> {
  let seen = () => {};
  await client.watch("watched", () => seen());
  const latencies: number[] = [];
  for (let i = 0; i < WATCH_SAMPLES; i++) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    seen = () => resolve(true);
    const timer = setTimeout(() => resolve(false), WATCH_PATIENCE_MS);
    const startMs = performance.now();
    const written = client.put("watched", VALUE);
    const hasCome = await promise;
    latencies.push(performance.now() - startMs);
    clearTimeout(timer);
    await written;
    if (!hasCome) return [];
  }
  return latencies.sort((a, b) => a - b);
}

if (import.meta.main) {
  const [kind, what, durationMs, inFlight, ...urls] = Deno.args;
  const client = kind === "etcd3" ? await openEtcd3(urls) : openKvorum(urls);
  const call = what === "put"
    ? (key: string) => client.put(key, VALUE)
    : (key: string) => client.get(key);
  const figures = what === "watch"
    ? await watchLatencies(client)
    : [await rate(call, Number(durationMs), Number(inFlight))];
  say(JSON.stringify(figures));
  Deno.exit(0);
}
