import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkTidy } from "../../tools/check_tidy.ts";
import { PlantedTree } from "./planted.ts";

const version = { "src/version.ts": `export const VERSION = "1.2.3";` };
const lines = (count: number) => "//\n".repeat(count);

Deno.test("checkTidy() has nothing to say about a tidy tree", async () => {
  await using tree = new PlantedTree({ ...version, "src/raft/a.ts": lines(350) });
  assertEquals(checkTidy(tree.root, {}), []);
});

Deno.test("checkTidy() tells a file that is too long, in src only", async () => {
  await using tree = new PlantedTree({
    ...version,
    "src/raft/a.ts": lines(351),
    "tests/raft/a_test.ts": lines(351),
  });
  assertEquals(checkTidy(tree.root, {}), ["src/raft/a.ts: 351 lines, at most 350; split it"]);
});

Deno.test("checkTidy() holds the ratchet: a listed file only shrinks", async () => {
  await using tree = new PlantedTree({
    ...version,
    "src/raft/same.ts": lines(400),
    "src/raft/grew.ts": lines(401),
    "src/raft/shrank.ts": lines(399),
    "src/raft/short.ts": lines(10),
  });
  const listed = ["same", "grew", "shrank", "short", "gone"].map((name) => [
    `src/raft/${name}.ts`,
    400,
  ]);
  const problems = checkTidy(tree.root, Object.fromEntries(listed)).join("\n");
  assertEquals(problems.includes("same.ts"), false, problems);
  assertStringIncludes(problems, "grew.ts: 401 lines, grew past the 400 of the ratchet");
  assertStringIncludes(problems, "shrank.ts: shrank, write 399 into tools/ratchet.ts");
  assertStringIncludes(problems, "short.ts: short again, take it off tools/ratchet.ts");
  assertStringIncludes(problems, "gone.ts is gone: take it off tools/ratchet.ts");
});

Deno.test("checkTidy() tells leftovers with their place", async () => {
  const leftovers = ["FIX" + "ME", "XX" + "X"];
  await using tree = new PlantedTree({
    ...version,
    "tests/a_test.ts": leftovers.map((word) => `// ${word}: later\n`).join(""),
  });
  const problems = checkTidy(tree.root, {});
  assertEquals(problems.map((problem) => problem.slice(0, 17)), [
    "tests/a_test.ts:1",
    "tests/a_test.ts:2",
  ]);
});

Deno.test("checkTidy() tells a file name that is not snake_case", async () => {
  await using tree = new PlantedTree({ ...version, "src/raft/logView.ts": "" });
  assertEquals(checkTidy(tree.root, {}), ["src/raft/logView.ts: file names are snake_case"]);
});

Deno.test("checkTidy() compares the version constant with deno.json", async () => {
  await using other = new PlantedTree({ "src/version.ts": `export const VERSION = "1.2.4";` });
  assertEquals(checkTidy(other.root, {}), ["src/version.ts says 1.2.4, deno.json says 1.2.3"]);
  await using none = new PlantedTree({});
  assertEquals(checkTidy(none.root, {}), ["src/version.ts is missing"]);
});
