import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CommandError } from "../../src/server/command_error.ts";
import { parseFlags } from "../../src/server/flags.ts";
import { createLogger } from "../../src/server/log.ts";
import { LOG_FLAGS, parseLog } from "../../src/server/log_flags.ts";
import { logConsole, openLogOutputs } from "../../src/server/log_outputs.ts";

const parse = (...args: string[]) => parseLog(parseFlags(LOG_FLAGS, args));

Deno.test("parseLog() reads the level, and each output once", () => {
  assertEquals(parse(), { level: "info", outputs: ["stderr"] });
  assertEquals(parse("--log-outputs", "default,stderr, a.log", "--log-level=warn"), {
    level: "warn",
    outputs: ["stderr", "a.log"],
  });
  assertThrows(() => parse("--log-level=loud"), CommandError, "must be one of debug, info");
  assertThrows(() => parse("--log-outputs="), CommandError, "must name outputs");
});

Deno.test("openLogOutputs() appends whole lines to files, and refuses what it cannot write", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "before\n");
  // A process of its own: the file stays open as long as it lives.
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openLogOutputs } from "${new URL(
        "../../src/server/log_outputs.ts",
        import.meta.url,
      )}";
       openLogOutputs(["${file}"])("a line\\n");`,
    ],
  }).output();
  assertEquals(success, true);
  assertEquals(await Deno.readTextFile(file), "before\na line\n");
  assertThrows(() => openLogOutputs(["/dev/null/log"]), CommandError, "/dev/null/log");
  await Deno.remove(file);
});

Deno.test("logConsole() makes lines of the log out of what the console is told", () => {
  const lines: string[] = [];
  // deno-lint-ignore no-console
  const before = console.warn;
  {
    using _ = logConsole(createLogger("info", (line) => lines.push(line)));
    // deno-lint-ignore no-console
    console.warn("a warning", 7);
  }
  // deno-lint-ignore no-console
  assertEquals(console.warn, before);
  assertEquals(lines.length, 1);
  assertEquals(JSON.parse(lines[0]).level, "warn");
  assertStringIncludes(lines[0], "a warning 7");
});
