/** Sequences of requests of all kinds, for both servers. */
import fc from "fast-check";
import { badCall } from "./bad_arbitraries.ts";
import { kvCall } from "./kv_arbitraries.ts";
import { leaseCall } from "./lease_arbitraries.ts";
import type { Sequence, Step } from "./sequence.ts";
import { watchStream } from "./watch_arbitraries.ts";

function sequences(step: fc.Arbitrary<Step>, stepsMax: number): fc.Arbitrary<Sequence> {
  return fc.array(step, { minLength: 1, maxLength: stepsMax, size: "max" });
}

/** Sequences of calls only; they go out without a wait among them. */
export const callSequence: fc.Arbitrary<Sequence> = sequences(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 12, arbitrary: kvCall },
    { weight: 3, arbitrary: leaseCall },
    { weight: 4, arbitrary: badCall },
  ),
  120,
);

/** Sequences with watch streams among the calls. */
export const watchSequence: fc.Arbitrary<Sequence> = sequences(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 14, arbitrary: kvCall },
    { weight: 1, arbitrary: leaseCall },
    { weight: 1, arbitrary: watchStream },
  ),
  60,
);
