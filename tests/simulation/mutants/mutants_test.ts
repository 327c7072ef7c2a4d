import { assertNotEquals } from "@std/assert";
import { MUTANTS, RARE_MUTANTS } from "./mutants.ts";
import { mutate, sourceOf } from "./mutant_source.ts";

Deno.test("MUTANTS each have a place in the source as it is", () => {
  for (const mutant of [...MUTANTS, ...RARE_MUTANTS]) {
    const source = sourceOf(mutant);
    assertNotEquals(mutate(source, mutant), source);
  }
});
