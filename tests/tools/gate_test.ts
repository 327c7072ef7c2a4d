import { assertEquals, assertStringIncludes } from "@std/assert";
import { CHECKS } from "../../tools/ok.ts";
import { runDeno } from "../../tools/run_deno.ts";
import { PlantedTree } from "./planted.ts";

/** What the gate's step `name` says about a tree with `files`. */
async function problems(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  await using tree = new PlantedTree(files);
  const step = CHECKS.find((each) => each.name === name);
  if (step === undefined) throw new Error(`the gate has no step ${name}`);
  return (await step.run(tree.root)).join("\n");
}

const fine = { "mod.ts": "/** One. */\nexport const one: number = 1;\n" };

for (
  const [step, source, complaint] of [
    ["types", "/** One. */\nexport const one: number = '1';\n", "TS2322"],
    ["format", "/** One. */\nexport   const one: number = 1;\n", "mod.ts"],
    ["lint", "/** One. */\nexport const one: any = 1;\n", "no-explicit-any"],
    ["docs", "export const one: number = 1;\n", "missing-jsdoc"],
    ["publish", "/** One. */\nexport const one = (() => 1)();\n", "missing-explicit-type"],
  ]
) {
  Deno.test(`the gate's step ${step} tells ${complaint}`, async () => {
    assertStringIncludes(await problems(step, { "mod.ts": source }), complaint);
  });
}

Deno.test("the gate's own steps of Deno let a small package through", async () => {
  for (const step of ["types", "lint", "docs", "publish"]) {
    assertEquals(await problems(step, fine), "", step);
  }
});

Deno.test("runDeno() ends a child that takes too long, and says so", async () => {
  const { ok, output } = await runDeno(".", ["eval", "setInterval(() => {}, 1000)"], {
    limitMs: 300,
  });
  assertEquals(ok, false);
  assertStringIncludes(output, "ended after 0.3 s");
});
