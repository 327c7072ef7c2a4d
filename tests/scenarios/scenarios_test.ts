/**
 * Plays every scenario in this folder and compares what happens with what the file says. After a change
 * that is meant, `KVORUM_REWRITE_SCENARIOS=1` writes the files anew, to be reviewed as prose.
 */
import { assert, assertEquals } from "@std/assert";
import { formatScenario, parseScenario } from "./runner/file_format.ts";
import { play } from "./runner/play.ts";

const FOLDER = new URL("./", import.meta.url);
const REWRITE = Deno.env.get("KVORUM_REWRITE_SCENARIOS") === "1";

const names = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name).filter((name) => name.endsWith(".txt")).sort();

for (const name of names) {
  Deno.test(`Raft behaves as in tests/scenarios/${name}`, () => {
    const file = new URL(name, FOLDER);
    const text = Deno.readTextFileSync(file);
    const played = formatScenario(play(parseScenario(text)));
    if (REWRITE) Deno.writeTextFileSync(file, played);
    else assertEquals(played, text);
  });
}

Deno.test("parseScenario() is undone by formatScenario(), and play() sees a wrong expectation", () => {
  const text = "# Prose.\n\n# A cluster.\ncluster voters=1\n----\n\nstatus\n----\n1 leads\n";
  const blocks = parseScenario(text);
  assertEquals(formatScenario(blocks), text);
  assert(formatScenario(play(blocks)) !== text);
});
