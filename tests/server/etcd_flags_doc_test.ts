import { assertEquals } from "@std/assert";
import type { FlagSpec } from "../../src/server/flags.ts";
import { IGNORED_FLAGS } from "../../src/server/ignored_flags.ts";
import { REFUSED_FLAGS } from "../../src/server/refused_flags.ts";
import { SERVE_FLAGS } from "../../src/server/serve_flags.ts";

const DOC = new URL("../../docs/etcd_flags.md", import.meta.url);

Deno.test("docs/etcd_flags.md names every flag where it belongs", async () => {
  const text = await Deno.readTextFile(DOC);
  const sections: [string, readonly FlagSpec[]][] = [
    ["With effect", SERVE_FLAGS],
    ["Without effect", IGNORED_FLAGS],
    ["Refused", REFUSED_FLAGS],
  ];
  for (const [title, specs] of sections) {
    const section = text.split(`\n## ${title}\n`)[1].split("\n## ")[0];
    const named = [...section.matchAll(/^\| `--([a-z0-9-]+)`/gm)].map(([, name]) => name);
    assertEquals(named.sort(), specs.map(({ name }) => name).sort(), title);
  }
});
