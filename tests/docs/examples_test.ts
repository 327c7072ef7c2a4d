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

/** Where examples cannot run here, and why: each is a function that nobody calls. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "src/browser/": "Deno has no IndexedDB, and no tabs",
  "src/server/serve.ts": "it serves at fixed ports until it is interrupted",
  "src/server/start.ts": "it starts processes at fixed ports",
  "src/storage/indexeddb/": "Deno has no IndexedDB",
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

/** All exported classes and functions, as the files and names of them, and those that are not shown. */
function exampled({ nodes }: Documentation): { all: Set<string>; bare: Set<string> } {
  const all = new Set<string>();
  const bare = new Set<string>();
  for (const { symbols } of Object.values(nodes)) {
    for (const { name, declarations } of symbols) {
      const shown = declarations.filter(({ kind }) => kind === "class" || kind === "function");
      if (shown.length === 0) continue;
      const path = shown[0].location.filename.replace(ROOT.href, "");
      const mayDefineOnly = Object.keys(NOT_RUN).some((prefix) => path.startsWith(prefix));
      all.add(`${path} ${name}`);
      if (!shown.some((each) => isShown(each, mayDefineOnly))) bare.add(`${path} ${name}`);
    }
  }
  return { all, bare };
}

Deno.test("every exported class and function has an example that is run", async () => {
  const entryPoints = Object.values(denoJson.exports);
  const args = ["doc", "--json", "--quiet", ...entryPoints];
  const { ok, stdout, output } = await runDeno(ROOT.pathname, args);
  assert(ok, output);
  const { all, bare } = exampled(JSON.parse(stdout));
  assert(all.size > 50, `Only ${all.size} found: does deno doc write another form now?`);
  for (const prefix of Object.keys(NOT_RUN)) {
    assert([...all].some((each) => each.startsWith(prefix)), `Nothing is exported by ${prefix}`);
  }
  const advice = "Write an @example that does it and checks the result; see NOT_RUN for exceptions";
  assertEquals([...bare], [], advice);
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
