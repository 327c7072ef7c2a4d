import { assert } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

Deno.test("docs/raft.md names tests and scenarios that exist", () => {
  const page = read("docs/raft.md");
  const table = page.slice(page.indexOf("## Known failures"));
  const tests = [...Deno.readDirSync(new URL("tests/raft/", ROOT))]
    .filter(({ name }) => name.endsWith("_test.ts"))
    .map(({ name }) => read(`tests/raft/${name}`)).join("\n");
  const named = [...table.matchAll(/"([^"]+)"/g)].map(([, name]) => name.split(" …")[0]);
  assert(named.length > 40);
  for (const name of named) assert(tests.includes(name), `There is no test "${name}"`);
  for (const [, file] of page.matchAll(/`(\w+\.txt)`/g)) read(`tests/scenarios/${file}`);
});
