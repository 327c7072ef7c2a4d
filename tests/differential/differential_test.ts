/**
 * Kvorum beside a real etcd: random sequences of requests to both, whose answers, errors and events
 * have to be the same but for what the list of known differences allows. A difference is shrunk to
 * the shortest sequence that shows it.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EtcdProcess } from "../conformance/etcd_process.ts";
import { etcdctl, hasEtcdctl } from "../etcdctl/etcdctl.ts";
import { type Comparison, report } from "./comparison.ts";
import { callSequence, historySequence, watchSequence } from "./generator.ts";
import { KNOWN_DIFFERENCES } from "./known_differences.ts";
import { REGRESSIONS } from "./regressions.ts";
import { type Sequence, toCurl } from "./sequence.ts";
import { ServerPair } from "./server_pair.ts";

const FIXED_SEED = 20_240_817;
const REQUESTS_MIN = 20_000;
/** After this no more sequences are tried, random or shrunk; those tried have to be enough. */
const SEARCH_MS_MAX = 120_000;

const HASHED_HISTORIES = 20;
/** A difference that does not show again in so many tries is none. */
const CONFIRMATIONS = 3;

const installed = EtcdProcess.isInstalled();
const condition = installed ? "" : " (left out: no etcd is installed here)";

/** Looks for a difference in random sequences, and shrinks what it finds. */
async function searchDifference(
  comparison: Comparison,
  sequence: fc.Arbitrary<Sequence>,
  options: { readonly seed: number; readonly numRuns: number },
): Promise<void> {
  const property = fc.asyncProperty(sequence, async (sequence) => {
    if (await comparison.differ(sequence) === null) return;
    // Why again: on a machine that stands still for seconds a lease may run out at one of the two.
    for (let i = 0; i < CONFIRMATIONS; i++) {
      const difference = await comparison.differ(sequence);
      if (difference !== null) throw new Error(difference);
    }
  });
  const { failed, seed, counterexample, counterexamplePath, errorInstance } = await fc.check(
    property,
    { ...options, skipAllAfterTimeLimit: SEARCH_MS_MAX },
  );
  if (!failed) return;
  assert(counterexample !== null, "A failed run has its counterexample");
  assert(errorInstance instanceof Error);
  throw new Error(
    `Seed ${seed}, path ${counterexamplePath}: the two differ\n` +
      report(counterexample[0], errorInstance.message),
  );
}

/** Random sequences: always the same ones, then others. */
async function search(
  comparison: Comparison,
  sequence: fc.Arbitrary<Sequence>,
  numRuns: number,
  seed: number,
): Promise<void> {
  await searchDifference(comparison, sequence, { seed: FIXED_SEED, numRuns });
  await searchDifference(comparison, sequence, { seed, numRuns: Math.ceil(numRuns / 4) });
}

/**
 * The hashes of the two histories, as both tell them over gRPC. While no key is alive etcd's hash goes
 * by what its compaction has removed so far, which is a matter of time: so one key is put first.
 */
async function historyHashes({ clientUrls }: ServerPair): Promise<number[]> {
  const body = JSON.stringify({ key: btoa("alive"), value: btoa("alive") });
  for (const url of clientUrls) {
    const response = await fetch(`${url}/v3/kv/put`, { method: "POST", body });
    assert(response.ok, await response.text());
  }
  const args = ["endpoint", "hashkv", "--write-out=json"];
  const { stdout } = await etcdctl(clientUrls.join(","), { args });
  const answers: { HashKV: { hash: number } }[] = JSON.parse(stdout);
  return answers.map(({ HashKV }) => HashKV.hash);
}

Deno.test({
  name: `Kvorum answers random sequences of requests as etcd does${condition}`,
  ignore: !installed,
  async fn(t) {
    await using resources = new AsyncDisposableStack();
    const [forCalls, forWatches] = await Promise.all([ServerPair.start(), ServerPair.start()]);
    resources.use(forCalls);
    resources.use(forWatches);
    const { comparison } = forCalls;

    for (const [name, sequence] of Object.entries(REGRESSIONS)) {
      await t.step(name, async () => {
        const difference = await comparison.differ(sequence);
        assert(difference === null, report(sequence, difference ?? ""));
      });
    }
    for (const known of KNOWN_DIFFERENCES) {
      await t.step(`known: ${known.what}`, async () => {
        const before = comparison.met.get(known) ?? 0;
        assertEquals(await comparison.differ(known.example), null);
        assertEquals(comparison.met.get(known), before + 1, "The two do not differ any more");
      });
    }
    const seed = Math.floor(Math.random() * 2 ** 31);
    await t.step(`random sequences of seeds ${FIXED_SEED} and ${seed}`, async () => {
      await Promise.all([
        search(comparison, callSequence, 400, seed),
        search(forWatches.comparison, watchSequence, 80, seed),
      ]);
      const requests = comparison.requests + forWatches.comparison.requests;
      assert(requests >= REQUESTS_MIN, `Only ${requests} requests were compared`);
    });
    await t.step({
      name: `histories that hash alike${hasEtcdctl() ? "" : " (left out: no etcdctl)"}`,
      ignore: !hasEtcdctl(),
      async fn() {
        for (const sequence of fc.sample(historySequence, { seed, numRuns: HASHED_HISTORIES })) {
          const difference = await comparison.differ(sequence);
          assert(difference === null, report(sequence, difference ?? ""));
          const [ours, theirs] = await historyHashes(forCalls);
          assertEquals(ours, theirs, toCurl(sequence));
        }
      },
    });
  },
});
