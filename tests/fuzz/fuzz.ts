import { concatBytes } from "../../src/base/bytes.ts";
import { attack, type Outcome } from "./attack.ts";
import type { Fuzzed } from "./conversation.ts";
import { inputOf } from "./input.ts";
import type { FuzzTarget } from "./target.ts";
import { Witness } from "./witness.ts";

/** Connections at a time. */
const ATTACKERS = 64;
/** Memory is compared with what it was after this part of the inputs: by then caches are full. */
const WARM_UP = 0.2;

/** By when the server must have noticed that its clients have gone. */
const LEFT_MS_MAX = 30_000;

/** What is fed to which port. Input number i has the seed `seed + i`. */
export interface FuzzOptions {
  readonly port: Fuzzed;
  readonly seed: number;
  readonly inputs: number;
  /** Hears now and then how many inputs are through. */
  readonly onProgress?: (inputs: number, residentBytes: number) => void;
}

/** What came of it. */
export interface FuzzResult {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** What went wrong, each in a line. */
  readonly failures: readonly string[];
  /** The memory after the warm-up and at the end. */
  readonly residentBytes: readonly [number, number];
  /** Puts and gets of the client that behaves, and the longest that one of both took. */
  readonly witnessRounds: number;
  readonly witnessSlowestMs: number;
}

/** Feeds a replica hostile inputs, while a client that behaves uses the same replica. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, inputs, onProgress = () => {} } = options;
  const port = target.port(options.port);
  const conversation = target.conversation(options.port);
  const outcomes = { abrupt: 0, answered: 0, closed: 0, hung: 0 };
  const failures: string[] = [];
  const witness = new Witness(target.server);
  const progressEach = Math.max(1, Math.floor(inputs * WARM_UP));
  let warmBytes = 0;
  let next = 0;
  const attackers = Array.from({ length: Math.min(ATTACKERS, inputs) }, async () => {
    while (next < inputs && !witness.hasFailed && failures.length < 10) {
      const number = next++;
      const input = inputOf(seed + number, conversation);
      const outcome = await attack(port, input).catch((error) => {
        failures.push(`cannot connect: ${error}`);
        return "closed" as const;
      });
      outcomes[outcome]++;
      if (outcome === "hung") {
        failures.push(`no end of seed ${seed + number}: ${concatBytes(input.pieces).toHex()}`);
      }
      if ((number + 1) % progressEach !== 0) continue;
      const bytes = await target.residentBytes();
      if (warmBytes === 0) warmBytes = bytes;
      onProgress(number + 1, bytes);
    }
  });
  await Promise.all(attackers);
  const left = await streamsLeft(target);
  if (left > 0) failures.push(`${left} watch streams are served that nobody listens to`);
  await witness.stop().catch((error) => failures.push(String(error)));
  const nearby = `seeds from ${seed + Math.max(0, next - 2 * ATTACKERS)} to ${seed + next}`;
  failures.push(...target.complaints().map((line) => `${line} (${nearby})`));
  return {
    outcomes,
    failures,
    residentBytes: [warmBytes, await target.residentBytes()],
    witnessRounds: witness.rounds,
    witnessSlowestMs: witness.slowestMs,
  };
}

/** How many watch streams there still are a while after all clients have gone. */
async function streamsLeft(target: FuzzTarget): Promise<number> {
  const endMs = performance.now() + LEFT_MS_MAX;
  for (;;) {
    const count = await target.watchStreams();
    if (count === 0 || performance.now() > endMs) return count;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
