/**
 * `deno task fuzz --port json|grpc|ws|peer --inputs N --seed S`: feeds a replica hostile input.
 * `--inputs 1 --seed S` repeats the input number S.
 */
import { FUZZED } from "../tests/fuzz/conversation.ts";
import { fuzz } from "../tests/fuzz/fuzz.ts";
import { FuzzTarget } from "../tests/fuzz/target.ts";
import { say } from "./say.ts";

function flag(name: string, value: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Deno.args[at + 1];
}

const MIB = 1_048_576;
const ports = FUZZED.filter((port) => flag("port", port) === port);
const inputs = Number(flag("inputs", "5000"));
const seed = Number(flag("seed", String(Date.now() % 1_000_000)));
let failed = ports.length === 0;
for (const port of ports) {
  await using target = await FuzzTarget.start();
  say(`${port}: ${inputs} inputs from seed ${seed} on`);
  const startMs = performance.now();
  const onProgress = (count: number, bytes: number) =>
    say(`  ${count} inputs, the replica holds ${(bytes / MIB).toFixed(0)} MiB`);
  const result = await fuzz(target, { port, seed, inputs, onProgress });
  const { outcomes, failures, witnessRounds, witnessSlowestMs } = result;
  const [warm, end] = result.residentBytes.map((bytes) => (bytes / MIB).toFixed(0));
  say(`  ${((performance.now() - startMs) / 1_000).toFixed(0)} s, ${JSON.stringify(outcomes)}`);
  say(`  memory ${warm} MiB, then ${end} MiB`);
  say(`  ${witnessRounds} puts and gets meanwhile, slowest ${witnessSlowestMs.toFixed(0)} ms`);
  for (const failure of failures) say(`  FAILED ${failure}`);
  failed ||= failures.length > 0;
}
Deno.exit(failed ? 1 : 0);
