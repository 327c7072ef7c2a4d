import { assert, assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { runDeno } from "../../tools/run_deno.ts";

const ROOT = new URL("../../", import.meta.url);

/** What of Deno's documentation is read here. */
interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string };
  readonly jsDoc?: { readonly tags?: readonly { readonly kind: string; readonly doc?: string }[] };
}

interface Documentation {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly Declaration[];
      }[];
    }>
  >;
}

/** What cannot run here, and why: the example of each is a function that nobody calls. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "indexedDbLogStore in src/storage/indexeddb/indexeddb_log_store.ts": "Deno has no IndexedDB",
  "serve in src/server/serve.ts": "it serves at fixed ports until it is interrupted",
  "start in src/server/start.ts": "it starts processes at fixed ports",
};

/** A line that does nothing by itself: a definition, or a part of what began above. */
const DEFINITION = /^(?:import |export |(?:async )?function |interface |type |\s|\}|\/\/|$)/;

/** The block of an example, or undefined if it has none. */
function blockOf(doc: string): string | undefined {
  return /^```ts\n(.*?)^```$/ms.exec(doc)?.[1];
}

/** Whether one of the examples does something when `deno test --doc` runs it. */
function isShown({ jsDoc }: Declaration, mayDefineOnly: boolean): boolean {
  const blocks = (jsDoc?.tags ?? [])
    .filter(({ kind }) => kind === "example")
    .map(({ doc }) => blockOf(doc ?? ""));
  return blocks.some((block) =>
    block !== undefined &&
    (mayDefineOnly || block.split("\n").some((line) => !DEFINITION.test(line)))
  );
}

/** All classes and functions, and those without an example that is run. */
function exampled({ nodes }: Documentation): { all: Set<string>; bare: Set<string> } {
  const all = new Set<string>();
  const bare = new Set<string>();
  for (const { symbols } of Object.values(nodes)) {
    for (const { name, declarations } of symbols) {
      const documented = declarations.filter(({ kind }) => kind === "class" || kind === "function");
      if (documented.length === 0) continue;
      const label = `${name} in ${documented[0].location.filename.replace(ROOT.href, "")}`;
      all.add(label);
      const isShownHere = (each: Declaration) => isShown(each, label in NOT_RUN);
      if (!documented.some(isShownHere)) bare.add(label);
    }
  }
  return { all, bare };
}

Deno.test("every exported class and function has an example that is run", async () => {
  const entryPoints = Object.values(denoJson.exports);
  const { ok, stdout, output } = await runDeno(
    ROOT.pathname,
    ["doc", "--json", "--quiet", ...entryPoints],
  );
  assert(ok, output);
  const { all, bare } = exampled(JSON.parse(stdout));
  assert(all.size > 50, `Only ${all.size} found: does deno doc write another form now?`);
  for (const label of Object.keys(NOT_RUN)) assert(all.has(label), `There is no ${label}`);
  assertEquals([...bare], [], "Write an @example that does the thing and checks what came of it");
});

Deno.test("no example is kept from being type-checked and run", () => {
  const ignored = ["mod.ts", "README.md", ...filesBelow("src/"), ...filesBelow("docs/")]
    .filter((path) => /^(?: \* )?```(?:ts|js)x? +\S/m.test(read(path)));
  assertEquals(ignored, [], "What cannot run goes into a function");
});

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

function* filesBelow(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(directory, ROOT))) {
    if (isDirectory) yield* filesBelow(`${directory}${name}/`);
    else if (/\.(?:ts|md)$/.test(name)) yield directory + name;
  }
}
