/** Which keys, and how they are read: what `get`, `del`, `watch` and lines of a transaction share. */
import type { KeyRange, RangeOptions, SortBy } from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import type { FlagSpec, FlagValues } from "../flags.ts";
import { booleanFlag, numberFlag, textFlag } from "./command.ts";

/** Which keys. */
export const RANGE_FLAGS: readonly FlagSpec[] = [
  booleanFlag("prefix", "All keys that begin so."),
  booleanFlag("from-key", "All keys from this one on."),
];

const SORT_BY: Readonly<Record<string, SortBy>> = {
  KEY: "key",
  VERSION: "version",
  CREATE: "create",
  MODIFY: "mod",
  VALUE: "value",
};

/** How `get` reads. */
export const GET_FLAGS: readonly FlagSpec[] = [
  ...RANGE_FLAGS,
  numberFlag("limit", "At most so many keys."),
  numberFlag("rev", "As of this revision."),
  textFlag("sort-by", `By ${Object.keys(SORT_BY).join(", ")}.`),
  textFlag("order", "ASCEND or DESCEND."),
  booleanFlag("keys-only", "Without values."),
  booleanFlag("count-only", "Only how many there are."),
  booleanFlag("print-value-only", "Without keys."),
  { name: "consistency", kind: "string", default: "l", help: "l(inearizable) or s(erializable)." },
];

/** How `put` writes. */
export const PUT_FLAGS: readonly FlagSpec[] = [
  textFlag("lease", "The lease that the key ends with, in hexadecimal."),
  booleanFlag("ignore-lease", "Keeps the lease that the key has."),
  booleanFlag("prev-kv", "Shows the key as it was before."),
];

/** How `del` deletes. */
export const DEL_FLAGS: readonly FlagSpec[] = [
  ...RANGE_FLAGS,
  booleanFlag("prev-kv", "Shows the keys as they were before."),
];

/** The range that `KEY [END]` and the flags mean. @throws {CommandError} if they contradict */
export function rangeOf([key, end]: readonly string[], flags: FlagValues): KeyRange {
  const [isPrefix, isOpen] = [flags.boolean("prefix"), flags.boolean("from-key")];
  if (Number(isPrefix) + Number(isOpen) + Number(end !== undefined) > 1) {
    throw new CommandError("--prefix, --from-key and an end of the range exclude each other");
  }
  if (isPrefix) return { prefix: key };
  if (isOpen) return { from: key };
  if (end !== undefined) return { from: key, to: end };
  if (key === "") throw new CommandError("The key is empty: for all keys add --prefix");
  return key;
}

/** How the flags of `get` want keys to be read. @throws {CommandError} */
export function rangeOptionsOf(flags: FlagValues): RangeOptions {
  const sortBy = flags.get("sort-by").toUpperCase();
  const order = flags.get("order").toUpperCase();
  const consistency = flags.get("consistency");
  if (sortBy !== "" && SORT_BY[sortBy] === undefined) {
    throw new CommandError(`--sort-by must be one of ${Object.keys(SORT_BY).join(", ")}`);
  }
  if (!["", "ASCEND", "DESCEND"].includes(order)) {
    throw new CommandError("--order must be ASCEND or DESCEND");
  }
  if (consistency !== "l" && consistency !== "s") {
    throw new CommandError("--consistency must be l or s");
  }
  const limit = flags.number("limit");
  const revision = flags.number("rev");
  return {
    ...(limit === 0 ? {} : { limit }),
    ...(revision === 0 ? {} : { revision }),
    ...(sortBy === "" ? {} : { sortBy: SORT_BY[sortBy] }),
    descending: order === "DESCEND",
    keysOnly: flags.boolean("keys-only"),
    countOnly: flags.boolean("count-only"),
    serializable: consistency === "s",
  };
}
