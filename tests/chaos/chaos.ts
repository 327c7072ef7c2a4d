import type { KvorumClient } from "../../src/client/mod.ts";
import { Contender, GUARDED, Holders } from "./contender.ts";
import { breakWires } from "./faults.ts";
import { Findings, type Ground, sleep } from "./ground.ts";
import { Mirror, Watcher } from "./watcher.ts";
import { LOG_PREFIX, type Seen, Writer } from "./writer.ts";

const WRITERS = 3;
const CONTENDERS = 3;
const WATCHERS = 2;

/** How long a run lasts. */
export interface ChaosOptions {
  /** How long wires break, by the ground's clock. */
  readonly durationMs: number;
  /** Sees the truth: a client whose wires are always well. */
  readonly truth: KvorumClient;
}

/**
 * A mixed load over wires that break: writers, watchers, caches and contenders for a lock. What each
 * was told is held against what a client without trouble sees in the end.
 */
export async function chaos(
  ground: Ground,
  { durationMs, truth }: ChaosOptions,
): Promise<Findings> {
  const findings = new Findings();
  const ends = new AbortController();
  const { signal } = ends;
  const holders = new Holders();
  const make = <T>(count: number, one: (name: string) => T) =>
    Array.from({ length: count }, (_, i) => one(`${i + 1}`));
  const writers = make(WRITERS, (name) => new Writer(name));
  const contenders = make(CONTENDERS, (name) => new Contender(`contender ${name}`, holders));
  const watchers = make(WATCHERS, (name) => new Watcher(`watcher ${name}`));
  const mirror = new Mirror();

  const following = [
    ...watchers.map((watcher) => watcher.run(ground, findings)),
    mirror.run(ground),
  ];
  const working = [
    ...writers.map((writer) => writer.run(ground, findings, signal)),
    ...contenders.map((contender) => contender.run(ground, findings, signal)),
    breakWires(ground, findings, signal),
  ];
  const failed = Promise.all([...following, ...working]);
  await Promise.race([sleep(ground, durationMs), failed]);
  ends.abort();
  await Promise.race([Promise.all(working), failed]);
  for (const link of ground.links) link.trouble = null;

  const { kvs, revision } = await truth.range({ prefix: LOG_PREFIX });
  const isThere = () =>
    watchers.every(({ seen }) => (seen.at(-1)?.revision ?? 0) >= lastRevision(kvs)) &&
    kvs.every((kv) => mirror.copy.get(kv.name) === kv.text());
  for (let waitedMs = 0; !isThere(); waitedMs += 100) {
    if (waitedMs > 60_000) {
      findings.report("a watch has not caught up a minute after all wires were well");
      break;
    }
    await Promise.race([sleep(ground, 100), failed]);
  }
  for (const follower of [...watchers, mirror]) follower.stop();
  await Promise.all(following);

  const history = await historyOf(truth, LOG_PREFIX, revision);
  for (const checked of [...writers, ...watchers]) checked.check(history, findings);
  const tokens = (await historyOf(truth, GUARDED, revision)).map(({ value }) => Number(value));
  if (tokens.some((token, i) => i > 0 && token < tokens[i - 1])) {
    findings.report(`what the lock guards was written with a smaller token: ${tokens}`);
  }
  return findings;
}

function lastRevision(kvs: readonly { readonly modRevision: number }[]): number {
  return Math.max(0, ...kvs.map(({ modRevision }) => modRevision));
}

/** Every change below a prefix, through a revision. */
async function historyOf(
  truth: KvorumClient,
  prefix: string,
  throughRevision: number,
): Promise<Seen[]> {
  const { kvs } = await truth.range({ prefix });
  const last = Math.min(lastRevision(kvs), throughRevision);
  const seen: Seen[] = [];
  if (last === 0) return seen;
  for await (const { events, revision } of truth.watch({ prefix }, { startRevision: 1 })) {
    for (const { kv } of events) {
      seen.push({ key: kv.name, value: kv.text(), revision: kv.modRevision });
    }
    if (revision >= last) break;
  }
  return seen;
}
