/**
 * `deno task torture --storage deno-kv|file --rounds N [--seed N]`: kills a replica under write load,
 * N times, and checks after each restart that every acknowledged write is there.
 */
import { torture } from "../tests/torture/torture.ts";
import { say } from "./say.ts";

function flag(name: string, value: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
}

const storage = flag("storage", "deno-kv");
const rounds = Number(flag("rounds", "200"));
const seed = Number(flag("seed", String(Date.now() % 1_000_000)));
say(`${rounds} kills of a replica on ${storage}, seed ${seed}`);
const startMs = performance.now();
const result = await torture(storage, rounds, seed, (round, acknowledged) => {
  if (round % 20 === 0) say(`  ${round} kills survived, ${acknowledged} keys`);
});
const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
say(`${result.rounds} kills in ${seconds} s, ${result.lost.length} acknowledged writes lost`);
for (const key of result.lost) say(`  lost: ${key}`);
Deno.exit(result.lost.length === 0 ? 0 : 1);
