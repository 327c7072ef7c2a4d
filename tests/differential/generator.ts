/** Sequences of requests of all kinds, for both servers. */
import fc from "fast-check";
import { badCall } from "./bad_arbitraries.ts";
import { compactionCall, kvCall } from "./kv_arbitraries.ts";
import { leaseCall } from "./lease_arbitraries.ts";
import type { Sequence, Step } from "./sequence.ts";
import { watchStream } from "./watch_arbitraries.ts";

function sequences(step: fc.Arbitrary<Step>, stepsMax: number): fc.Arbitrary<Sequence> {
  return fc.array(step, { minLength: 1, maxLength: stepsMax, size: "max" });
}

/** Sequences of calls only; they go out without a wait among them. */
export const callSequence: fc.Arbitrary<Sequence> = sequences(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 24, arbitrary: kvCall },
    { weight: 2, arbitrary: compactionCall },
    { weight: 6, arbitrary: leaseCall },
    { weight: 8, arbitrary: badCall },
  ),
  120,
);

/** Sequences that leave all history, so that what is left can be hashed. */
export const historySequence: fc.Arbitrary<Sequence> = sequences(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 5, arbitrary: kvCall },
    { weight: 1, arbitrary: leaseCall },
  ),
  60,
);

/** Sequences with watch streams among the calls. */
export const watchSequence: fc.Arbitrary<Sequence> = sequences(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 24, arbitrary: kvCall },
    { weight: 2, arbitrary: compactionCall },
    { weight: 4, arbitrary: leaseCall },
    { weight: 2, arbitrary: watchStream },
  ),
  60,
);
