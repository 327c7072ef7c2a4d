import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkBundle, serverOnlyLines } from "../../tools/check_bundle.ts";
import { PlantedTree } from "./planted.ts";

Deno.test("checkBundle() follows an entry point to the server code that it reaches", async () => {
  await using tree = new PlantedTree({
    "mod.ts": `export { cwd } from "./src/raft/cwd.ts";\nexport { fs } from "./src/raft/fs.ts";`,
    "src/raft/cwd.ts": "export const cwd = (): string => Deno.cwd();",
    "src/raft/fs.ts": `import fs from "node:fs"; export { fs };`,
  });
  const problems = await checkBundle(tree.root);
  assertEquals(problems.length, 2, problems.join("\n"));
  assertStringIncludes(problems[0], "(src/raft/cwd.ts)");
  assertStringIncludes(problems[1], "node:fs");
});

Deno.test("checkBundle() lets a plain entry point through and skips those of a server", async () => {
  await using tree = new PlantedTree({
    "deno.json": `{ "exports": { ".": "./mod.ts", "./server": "./src/server/mod.ts" } }`,
    "mod.ts": "// Deno.cwd() in a comment is fine.\nexport const node = { node: 1 };",
    "src/server/mod.ts": "export const cwd = (): string => Deno.cwd();",
  });
  assertEquals(await checkBundle(tree.root), []);
});

Deno.test("checkBundle() tells an entry point that cannot be bundled", async () => {
  await using tree = new PlantedTree({ "mod.ts": `export * from "./src/gone.ts";` });
  assertStringIncludes((await checkBundle(tree.root)).join(), "mod.ts: cannot be bundled");
});

Deno.test("serverOnlyLines() knows every way to say Deno and none that only looks alike", () => {
  for (const line of ["Deno.pid", "globalThis.Deno?.pid", `Deno["pid"]`, `import("node:fs")`]) {
    assertEquals(serverOnlyLines(line).length, 1, line);
  }
  for (const line of ["({ node: pid })", "a ? node : b", "notDeno.pid", `"Deno or a browser"`]) {
    assertEquals(serverOnlyLines(line), [], line);
  }
});
