import { assert } from "@std/assert";
import { SeededPrng } from "../../src/base/prng.ts";
import { LocalCluster, type ServerProcess } from "../e2e/local_cluster.ts";

/** What a run of kills came to. */
export interface TortureResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Keys whose acknowledged write was not there after a restart. */
  readonly lost: readonly string[];
}

/** Clients that write at the same time, so that the kill hits batches of several requests. */
const WRITERS = 16;
/** The kill comes at a random moment up to this long after the first write of a round. */
const KILL_WITHIN_MS = 250;

interface RangeAnswer {
  readonly kvs?: readonly { key: string; value: string }[];
}

/**
 * Kills a replica under write load with SIGKILL, again and again, and checks after each restart that
 * every write it ever acknowledged is there with its value. Small snapshot limits let the kills hit
 * snapshots and the removal of old log as well.
 */
export async function torture(
  storage: string,
  rounds: number,
  seed: number,
  onRound: (round: number, acknowledged: number) => void = () => {},
): Promise<TortureResult> {
  const prng = new SeededPrng(seed);
  await using cluster = new LocalCluster(1, [
    ...["--storage", storage, "--snapshot-count", "200", "--snapshot-catchup-entries", "50"],
    ...["--heartbeat-interval", "20", "--election-timeout", "100"],
  ]);
  const [replica] = cluster.replicas;
  const expected = new Map<string, string>();
  const unknown = new Map<string, string>();
  const lost: string[] = [];
  await cluster.start();
  for (let round = 0; round < rounds; round++) {
    await writeUntilKilled(replica, prng, round, expected, unknown);
    const seen = replica.lines.length;
    replica.start();
    await replica.line("ready to serve", seen);
    await check(replica, expected, unknown, lost);
    onRound(round + 1, expected.size);
  }
  return { rounds, acknowledged: expected.size, lost };
}

/** Lets writers run until the replica is killed under their feet. */
async function writeUntilKilled(
  replica: ServerProcess,
  prng: SeededPrng,
  round: number,
  expected: Map<string, string>,
  unknown: Map<string, string>,
): Promise<void> {
  let alive = true;
  const write = async (writer: number) => {
    for (let i = 0; alive; i++) {
      const key = btoa(`${writer}/${i % 50}`);
      const value = btoa(`${round}-${i}-${"x".repeat(prng.between(0, 400))}`);
      unknown.set(key, value);
      const answer = await replica.call("/v3/kv/put", { key, value });
      if (answer === null) return;
      expected.set(key, value);
      unknown.delete(key);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  await new Promise((resolve) => setTimeout(resolve, prng.between(20, KILL_WITHIN_MS)));
  await replica.end("SIGKILL");
  alive = false;
  await Promise.all(writers);
}

/** Compares what the replica holds with what it acknowledged. */
async function check(
  replica: ServerProcess,
  expected: Map<string, string>,
  unknown: Map<string, string>,
  lost: string[],
): Promise<void> {
  const range = { key: btoa("\0"), range_end: btoa("\0") };
  const answer = await replica.call<RangeAnswer>("/v3/kv/range", range);
  assert(answer !== null, `${replica.name} does not answer a range after its restart`);
  const found = new Map(answer.kvs?.map(({ key, value }) => [key, value]));
  for (const [key, value] of expected) {
    const actual = found.get(key);
    // The last write to a key may have been cut off by the kill: then either value is right.
    if (actual !== value && actual !== unknown.get(key)) lost.push(atob(key));
  }
  for (const [key, value] of unknown) if (found.get(key) === value) expected.set(key, value);
  unknown.clear();
}
