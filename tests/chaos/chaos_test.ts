import { assert, assertEquals } from "@std/assert";
import { realChaos } from "./real_ground.ts";
import { simulateChaos } from "./simulated_ground.ts";

/** Simulated minutes in all, spread over as many seeds. */
const MINUTES = Number(Deno.env.get("KVORUM_CHAOS_MINUTES") ?? 3);

Deno.test("clients lose no write, no event and no lock on wires that break", async () => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= MINUTES; seed++) {
    const findings = await simulateChaos(seed, 60_000);
    assertEquals(findings.violations, [], `seed ${seed}`);
    for (const [what, count] of findings.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  for (const what of ["writes", "watched revisions", "locks held", "cuts", "cuts in a frame"]) {
    assert((counts.get(what) ?? 0) > MINUTES, `${what}: ${counts.get(what)}`);
  }
});

Deno.test("clients lose nothing on real wires and with replicas that are killed either", async () => {
  const findings = await realChaos(7, 8_000);
  assertEquals(findings.violations, []);
  assert((findings.counts.get("writes") ?? 0) > 0, `${findings}`);
});
