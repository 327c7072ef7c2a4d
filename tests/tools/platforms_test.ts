import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkPlatform } from "../../tools/check_platforms.ts";
import { PlantedTree } from "./planted.ts";

Deno.test("checkPlatform() lets a pure room have ECMAScript and nothing else", async () => {
  const names = [
    "setTimeout",
    "console",
    "TextEncoder",
    "URL",
    "fetch",
    "crypto",
    "performance",
    "AbortSignal",
    "ReadableStream",
    "structuredClone",
    "queueMicrotask",
    "process",
    "Deno",
  ];
  await using tree = new PlantedTree({
    "src/raft/fine.ts": "export const a = new Map<number, bigint>([[1, 2n]]);",
    ...Object.fromEntries(
      names.map((name) => [`src/raft/uses_${name.toLowerCase()}.ts`, `export const a = ${name};`]),
    ),
  });
  const [problem] = await checkPlatform(tree.root, "ecmascript");
  for (const name of names) assertStringIncludes(problem, `uses_${name.toLowerCase()}.ts`);
  assertEquals(problem.includes("fine.ts"), false, problem);
});

Deno.test("checkPlatform() lets a Web room have Web APIs and no Deno", async () => {
  await using tree = new PlantedTree({
    "src/client/fine.ts": `export const answer: Promise<Response> = fetch("/");
export const ports: MessageChannel = new MessageChannel();`,
    "src/client/names_deno.ts": "export const cwd: string = Deno.cwd();",
  });
  const [problem] = await checkPlatform(tree.root, "web");
  assertStringIncludes(problem, "names_deno.ts");
  assertEquals(problem.includes("fine.ts"), false, problem);
});

Deno.test("checkPlatform() lets a Deno room have Deno and no window of a page", async () => {
  await using tree = new PlantedTree({
    "deno.json": `{ "unstable": ["kv"], "compilerOptions": { "lib": ["deno.window", "dom"] } }`,
    "src/storage/deno_kv/fine.ts": "export const open = (): Promise<Deno.Kv> => Deno.openKv();",
    "src/server/names_document.ts": "export const title: string = document.title;",
  });
  const [problem] = await checkPlatform(tree.root, "deno");
  assertStringIncludes(problem, "names_document.ts");
  assertEquals(problem.includes("fine.ts"), false, problem);
});

Deno.test("checkPlatform() resolves packages of the workspace and keeps the strict settings", async () => {
  await using tree = new PlantedTree({
    "deno.json": `{ "workspace": ["./std/http"], "compilerOptions": { "strict": true } }`,
    "std/http/deno.json": `{ "name": "@std/http", "exports": { "./status": "./status.ts" } }`,
    "std/http/status.ts": "export const STATUS = 200;",
    "src/api/fine.ts": `export { STATUS } from "@std/http/status";`,
    "src/api/loose.ts": "export const length = (text: string | null): number => text.length;",
  });
  const [problem] = await checkPlatform(tree.root, "web");
  assertStringIncludes(problem, "loose.ts");
  assertEquals(problem.includes("fine.ts"), false, problem);
});

Deno.test("checkPlatform() has nothing to say about a tree without the room", async () => {
  await using tree = new PlantedTree({});
  assertEquals(await checkPlatform(tree.root, "ecmascript"), []);
});
