import { assertEquals, assertThrows } from "@std/assert";
import {
  BROWSER_LEARNER_FLAGS,
  parseBrowserLearners,
} from "../../src/server/browser_learner_flags.ts";
import { CommandError } from "../../src/server/command_error.ts";
import { parseFlags } from "../../src/server/flags.ts";

const TOKEN = "a token for tests";
const parse = (...args: string[]) => parseBrowserLearners(parseFlags(BROWSER_LEARNER_FLAGS, args));

Deno.test("parseBrowserLearners() lets nobody in unless it is asked to", () => {
  assertEquals(parse(), null);
  assertEquals(
    parse("--allow-browser-learners", "--browser-learner-token", TOKEN),
    { token: TOKEN, learnersMax: 16 },
  );
  assertEquals(
    parseBrowserLearners(parseFlags(
      BROWSER_LEARNER_FLAGS,
      ["--allow-browser-learners", "--max-browser-learners=3"],
      (name) => name === "ETCD_BROWSER_LEARNER_TOKEN" ? TOKEN : undefined,
    )),
    { token: TOKEN, learnersMax: 3 },
  );
});

Deno.test("parseBrowserLearners() refuses a door without a lock, and a lock without a door", () => {
  const refused: [string[], string][] = [
    [["--allow-browser-learners"], "needs --browser-learner-token"],
    [
      ["--allow-browser-learners", "--browser-learner-token=short"],
      "16 characters of ASCII or more",
    ],
    [["--allow-browser-learners", `--browser-learner-token=é${TOKEN}`], "characters of ASCII"],
    [["--browser-learner-token", TOKEN], "needs --allow-browser-learners"],
  ];
  for (const [args, text] of refused) assertThrows(() => parse(...args), CommandError, text);
});
