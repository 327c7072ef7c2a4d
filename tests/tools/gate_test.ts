import { assertEquals, assertStringIncludes } from "@std/assert";
import { CHECKS, failuresIn } from "../../tools/ok.ts";
import { runDeno } from "../../tools/run_deno.ts";
import { PlantedTree } from "./planted.ts";

/** What the gate's step `name` says about a tree with `files`. */
async function problems(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  await using tree = new PlantedTree(files);
  const step = CHECKS.find((each) => each.name === name);
  if (step === undefined) throw new Error(`the gate has no step ${name}`);
  return (await step.run(tree.root)).join("\n");
}

const version = { "src/version.ts": `export const VERSION = "1.2.3";` };
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

Deno.test("the gate runs the steps it is asked for and exits by what they find", async () => {
  const gate = async (source: string, ...steps: string[]) => {
    await using tree = new PlantedTree({ ...version, "mod.ts": source });
    const tool = new URL("../../tools/ok.ts", import.meta.url).pathname;
    const { ok, stdout } = await runDeno(tree.root, ["run", "-A", tool, ...steps]);
    return { ok, stdout };
  };
  const good = await gate(fine["mod.ts"], "docs", "tidy");
  assertEquals(good.ok, true, good.stdout);
  assertStringIncludes(good.stdout, "all ok in");
  const bad = await gate("export const one = 1;\n", "docs", "tidy");
  assertEquals(bad.ok, false, bad.stdout);
  assertStringIncludes(bad.stdout, "what to do: every export");
  assertStringIncludes(bad.stdout, "s: docs\n");
  const unknown = await gate(fine["mod.ts"], "spelling");
  assertEquals(unknown.ok, false, unknown.stdout);
  assertStringIncludes(unknown.stdout, `There is no step "spelling"`);
});

Deno.test("the gate ends with the tests' tally, and a failing test fails it", async () => {
  const runTests = new URL("../../tools/run_tests.ts", import.meta.url).pathname;
  await using tree = new PlantedTree({
    "deno.json": JSON.stringify({ tasks: { test: `deno run -A ${runTests}` } }),
    "a_test.ts": `Deno.test("passes", () => {});
Deno.test("fails", () => { throw new Error("planted"); });`,
  });
  const tool = new URL("../../tools/ok.ts", import.meta.url).pathname;
  const { ok, stdout } = await runDeno(tree.root, ["run", "-A", tool, "tests"]);
  assertEquals(ok, false);
  assertStringIncludes(stdout, "Error: planted");
  assertEquals(stdout.trimEnd().split("\n").at(-1), "1 passed, 1 failed");
});

Deno.test("failuresIn() names the tests that failed before it says why", () => {
  const lines = ["Check a_test.ts", "one ... FAILED", " ERRORS ", "", "one => a_test.ts:1:6"];
  const ended = [
    ...lines,
    "error: Values are not equal.",
    " FAILURES ",
    "",
    "one => a_test.ts:1:6",
  ];
  assertEquals(
    failuresIn(ended.join("\n")),
    "one => a_test.ts:1:6\n\none => a_test.ts:1:6\nerror: Values are not equal.",
  );
  assertEquals(failuresIn("Check a_test.ts\nerror: Module not found"), "error: Module not found");
});
