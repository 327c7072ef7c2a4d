import { assertEquals } from "@std/assert";
import { tallyLine, tallyOf } from "../../tools/run_tests.ts";
import { PlantedTree } from "./planted.ts";

Deno.test("tallyOf() reads every form of Deno's last line", () => {
  for (
    const [line, passed, failed, skipped] of [
      ["ok | 3 passed | 0 failed (12ms)", 3, 0, 0],
      ["ok | 3 passed (2 steps) | 0 failed (1s)", 3, 0, 0],
      ["ok | 3 passed | 0 failed | 2 ignored (1m2s)", 3, 0, 2],
      ["ok | 3 passed (2 steps) | 0 failed | 1 ignored (4 steps) | 9 filtered out (1s)", 3, 0, 1],
      ["FAILED | 10 passed (2 steps) | 1 failed (3 steps) | 4 ignored (12ms)", 10, 1, 4],
    ] as const
  ) {
    assertEquals(tallyOf(`before\n\n${line}\n\nerror: after\n`, failed === 0), {
      passed,
      failed,
      skipped,
    });
  }
});

Deno.test("tallyOf() never calls a failed run good", () => {
  assertEquals(tallyOf("error: Type checking failed.\n", false).failed, 1);
  assertEquals(tallyOf("ok | 3 passed | 0 failed (1s)\n", false).failed, 1);
});

Deno.test("tallyLine() tells the skipped only where there are some", () => {
  assertEquals(tallyLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assertEquals(tallyLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test("run_tests ends with the tally and an honest exit code", async () => {
  await using tree = new PlantedTree({
    "a_test.ts": `Deno.test("passes", () => {});
Deno.test("fails", () => { throw new Error("planted"); });
Deno.test.ignore("is skipped", () => {});`,
  });
  const run = async (...args: string[]) => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("../../tools/run_tests.ts", import.meta.url).pathname, ...args],
      cwd: tree.root,
    }).output();
    return { code, last: new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) };
  };
  assertEquals(await run(), { code: 1, last: "1 passed, 1 failed, 1 skipped" });
  assertEquals(await run("--filter=passes"), { code: 0, last: "1 passed, 0 failed" });
});
