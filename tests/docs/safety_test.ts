import { assert } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The text of every test file below `directory`. */
function testsBelow(directory: URL): string {
  let text = "";
  for (const entry of Deno.readDirSync(directory)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), directory);
    if (entry.isDirectory) text += testsBelow(url);
    else if (entry.name.endsWith(".ts")) text += Deno.readTextFileSync(url);
  }
  return text;
}

Deno.test("docs/safety.md names tests that exist", () => {
  const tests = testsBelow(new URL("tests/", ROOT));
  const page = Deno.readTextFileSync(new URL("docs/safety.md", ROOT));
  const guards = page.split("\n").filter((line) => /^\| \d+\./.test(line));
  const named = guards.flatMap((line) => [...line.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  assert(guards.length === 21 && named.length > 20);
  for (const name of named) {
    if (name !== "timed out") assert(tests.includes(name), `There is no test "${name}"`);
  }
});
