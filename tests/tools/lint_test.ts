import { assertEquals } from "@std/assert";
import plugin from "../../tools/lint/rooms.ts";

/** The rules that `source` breaks when it stands in the file `path`, each once, in order. */
function broken(path: string, source: string): string[] {
  const found = Deno.lint.runPlugin(plugin, `/repository/${path}`, source);
  return [...new Set(found.map(({ id }) => id))].sort();
}

Deno.test("kvorum/pure keeps clocks, chance, output and locale out of pure rooms", () => {
  const impure = [
    "const now = new Date();",
    "const now = Date.now();",
    "const now = globalThis.performance;",
    "const random = Math.random();",
    "console.log(1);",
    "setTimeout(f, 1);",
    "const later = { setTimeout };",
    "names.sort((a, b) => a.localeCompare(b));",
    "const text = count.toLocaleString();",
    "export const wait = async (p: Promise<void>) => { await p; };",
  ];
  for (const source of impure) {
    assertEquals(broken("src/raft/a.ts", source), ["kvorum/pure"], source);
    assertEquals(broken("src/server/a.ts", source), [], source);
  }
});

Deno.test("kvorum/pure lets keys and members have any name", () => {
  const fine = [
    "interface Edge { fetch(): void; readonly performance: number }",
    "const options = { fetch: f, crypto: g };",
    "class A { crypto = 1; fetch() { return this.crypto; } }",
    "edge.fetch();",
    "const three = Math.max(1, 3);",
  ];
  for (const source of fine) assertEquals(broken("src/raft/a.ts", source), [], source);
});

Deno.test("kvorum/platform lets only rooms that stand on Deno name it", () => {
  for (const source of ["Deno.cwd();", "let kv: Deno.Kv;", "globalThis.Deno;", "typeof Deno;"]) {
    assertEquals(broken("src/replica/a.ts", source), ["kvorum/platform"], source);
    assertEquals(broken("src/raft/a.ts", source), ["kvorum/platform"], source);
    assertEquals(broken("src/storage/deno_kv/a.ts", source), [], source);
    assertEquals(broken("tests/replica/a_test.ts", source), [], source);
  }
});

Deno.test("kvorum/no-silent-catch tells a rejection that is swallowed", () => {
  const silent = [
    "p.catch(() => {});",
    "p.then(f).catch(() => undefined);",
    "p.catch(function () {});",
    "p.catch((_error) => {});",
  ];
  for (const source of silent) {
    assertEquals(broken("src/server/a.ts", source), ["kvorum/no-silent-catch"], source);
    assertEquals(broken("tests/server/a_test.ts", source), ["kvorum/no-silent-catch"], source);
  }
  for (const source of ["p.catch(report);", "p.catch((error) => report(error));", "void 0;"]) {
    assertEquals(broken("tests/server/a_test.ts", source), [], source);
  }
  assertEquals(broken("src/server/a.ts", "void p;"), ["kvorum/no-silent-catch"]);
});

Deno.test("kvorum/dialect knows enums, access keywords and default exports", () => {
  const foreign = [
    "enum Role { Leader }",
    "class A { private x = 1; }",
    "class A { private m() {} }",
    "class A { constructor(protected x: number) {} }",
    "export default 1;",
  ];
  for (const source of foreign) {
    assertEquals(broken("src/client/a.ts", source), ["kvorum/dialect"], source);
  }
  for (const source of ["export class A { #x = 1; }", "class A { private constructor() {} }"]) {
    assertEquals(broken("src/client/a.ts", source), [], source);
  }
});
