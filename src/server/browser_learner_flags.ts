import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";

/** A shorter one could be guessed. */
const TOKEN_LENGTH_MIN = 16;
/** What a header can carry as it is. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** The flags about learners in browsers. */
export const BROWSER_LEARNER_FLAGS: readonly FlagSpec[] = [
  {
    name: "allow-browser-learners",
    kind: "boolean",
    default: "false",
    help: "Let pages that have the token join as learners through the ports for clients.",
  },
  {
    name: "browser-learner-token",
    kind: "string",
    default: "",
    help: "What such a page must show; whoever has it can read and write everything.",
  },
  {
    name: "max-browser-learners",
    kind: "number",
    default: "16",
    help: "How many learners in browsers there may be, apart from --max-learners.",
  },
];

/** Which learners in browsers are let in. */
export interface BrowserLearnerSettings {
  readonly token: string;
  readonly learnersMax: number;
}

/** Reads the flags. Null where no browser is let in. @throws {CommandError} */
export function parseBrowserLearners(flags: FlagValues): BrowserLearnerSettings | null {
  const token = flags.get("browser-learner-token");
  if (!flags.boolean("allow-browser-learners")) {
    if (token === "") return null;
    throw new CommandError("--browser-learner-token needs --allow-browser-learners");
  }
  if (token.length < TOKEN_LENGTH_MIN || !HEADER_TEXT.test(token)) {
    throw new CommandError(
      `--allow-browser-learners needs --browser-learner-token, or ETCD_BROWSER_LEARNER_TOKEN in the ` +
        `environment, with ${TOKEN_LENGTH_MIN} characters of ASCII or more`,
    );
  }
  return { token, learnersMax: flags.number("max-browser-learners") };
}
