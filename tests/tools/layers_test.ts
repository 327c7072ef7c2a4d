import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkLayers } from "../../tools/check_layers.ts";
import { importCycles } from "../../tools/import_graph.ts";
import { roomOf, ROOMS } from "../../tools/layers.ts";
import { PlantedTree } from "./planted.ts";

/** The problems that `files` bring on, which must be as many as `expected`, in any order. */
async function assertProblems(
  files: Readonly<Record<string, string>>,
  ...expected: readonly string[]
): Promise<void> {
  await using tree = new PlantedTree(files);
  const problems = await checkLayers(tree.root);
  assertEquals(problems.length, expected.length, problems.join("\n"));
  for (const part of expected) assertStringIncludes(problems.join("\n"), part);
}

const value = "export const a = 1;\n";

Deno.test("checkLayers() lets through what the table allows", async () => {
  await assertProblems({
    "src/base/a.ts": value,
    "src/raft/a.ts": `export * from "../base/a.ts";`,
    "src/raft/b.ts": `export * from "./a.ts";`,
    "src/storage/log_store.ts": `export type * from "../raft/a.ts";`,
    "src/storage/file/file.ts": `import "node:fs"; import "../log_store.ts";`,
    "src/transport/peer_transport.ts": value,
    "src/replica/a.ts":
      `import "../transport/peer_transport.ts"; import "../storage/log_store.ts";`,
    "mod.ts": `export * from "./src/replica/a.ts";`,
    "demo/a.ts": `import "../mod.ts"; import "./b.ts";`,
    "demo/b.ts": value,
  });
});

Deno.test("checkLayers() tells an arrow that points the wrong way", async () => {
  await assertProblems(
    {
      "src/raft/a.ts": value,
      "src/base/b.ts": `\nimport { a } from "../raft/a.ts"; export { a };`,
      "src/storage/file/a.ts": value,
      "src/replica/a.ts": `export * from "../storage/file/a.ts";`,
    },
    "src/base/b.ts:2 imports ../raft/a.ts: src/base may import base only",
    "src/replica/a.ts:1 imports ../storage/file/a.ts: src/replica may import src/raft",
  );
});

Deno.test("checkLayers() sees type imports and dynamic imports", async () => {
  await assertProblems(
    {
      "src/raft/a.ts": "export type A = 1;",
      "src/mvcc/type.ts": `import type { A } from "../raft/a.ts"; export type B = A;`,
      "src/mvcc/dynamic.ts": `export const late = () => import("../raft/a.ts");`,
      "src/mvcc/inline.ts": `export type C = import("../raft/a.ts").A;`,
    },
    "src/mvcc/type.ts:1",
    "src/mvcc/dynamic.ts:1",
    "src/mvcc/inline.ts:1",
  );
});

Deno.test("checkLayers() lets the driver see the transport's seam and no adapter", async () => {
  await assertProblems(
    {
      "src/transport/websocket.ts": value,
      "src/replica/a.ts": `export * from "../transport/websocket.ts";`,
    },
    "src/replica/a.ts:1 imports ../transport/websocket.ts",
  );
});

Deno.test("checkLayers() tells a package in a room that may not have it", async () => {
  await assertProblems(
    {
      "src/raft/a.ts": `import "node:fs";`,
      "src/client/a.ts": `import "npm:fast-check@4.10.2";`,
      "src/api/a.ts": `import "@std/http/status";`,
      "deno.json": JSON.stringify({
        exports: "./mod.ts",
        imports: { "@std/http/status": "./status.ts" },
      }),
      "status.ts": value,
    },
    "src/raft/a.ts:1 imports node:fs: src/raft may use no package",
    "src/client/a.ts:1 imports npm:fast-check@4.10.2: src/client may use no package",
  );
});

Deno.test("checkLayers() tells a specifier that resolves to nothing", async () => {
  await assertProblems({ "src/api/a.ts": `import "@std/none";` }, "@std/none");
});

Deno.test("checkLayers() tells a folder that is not in the table", async () => {
  await assertProblems({ "src/utils/a.ts": value }, "src/utils/a.ts: its folder is not in");
});

Deno.test("checkLayers() opens only the exports to the demo", async () => {
  await assertProblems(
    { "mod.ts": value, "src/raft/a.ts": value, "demo/a.ts": `import "../src/raft/a.ts";` },
    "demo/a.ts:1 imports ../src/raft/a.ts: only the exports",
  );
});

Deno.test("checkLayers() tells a cycle between files of one room", async () => {
  await assertProblems(
    {
      "src/raft/a.ts": `import "./b.ts";`,
      "src/raft/b.ts": `import "./c.ts";`,
      "src/raft/c.ts": `import "./a.ts";`,
    },
    "import cycle: src/raft/a.ts -> src/raft/b.ts -> src/raft/c.ts -> src/raft/a.ts",
  );
});

Deno.test("importCycles() finds no cycle in a diamond", () => {
  const edge = (from: string, to: string) => ({
    from,
    to,
    line: 1,
    specifier: to,
    error: undefined,
  });
  assertEquals(importCycles([edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")]), []);
});

Deno.test("roomOf() takes the longest room that fits", () => {
  assertEquals(roomOf("src/storage/log_store.ts"), "src/storage");
  assertEquals(roomOf("src/storage/deno_kv/store.ts"), "src/storage/deno_kv");
  assertEquals(roomOf("src/version.ts"), "src/version.ts");
  assertEquals(roomOf("src/raftish/a.ts"), undefined);
});

Deno.test("ROOMS names only rooms, or files of rooms, that it has", () => {
  for (const [room, { mayImport }] of Object.entries(ROOMS)) {
    for (const target of mayImport) {
      assertEquals(roomOf(target) !== undefined, true, `${room} may import ${target}`);
      assertEquals(roomOf(target) === room, false, `${room} names itself`);
    }
  }
});

Deno.test("ROOMS lets no room stand on less than what it imports", () => {
  const weight = { ecmascript: 0, web: 1, deno: 2 };
  for (const [room, { mayImport, platform }] of Object.entries(ROOMS)) {
    for (const target of mayImport) {
      const below = ROOMS[roomOf(target) ?? ""].platform;
      assertEquals(weight[below] <= weight[platform], true, `${room} imports ${target}`);
    }
  }
});
