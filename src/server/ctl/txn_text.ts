/** The text form of a transaction, as etcdctl reads it. Ref: etcdctl/ctlv3/command/txn_command.go. */
import {
  compare,
  type Comparison,
  type DeleteResult,
  op,
  type Operation,
  type PutResult,
  type RangeResult,
  type Relation,
} from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { parseId, parseNumber, splitCommandLine } from "./command_line.ts";
import { DEL_FLAGS, GET_FLAGS, PUT_FLAGS, rangeOf, rangeOptionsOf } from "./key_flags.ts";
import { splitWords, unquote } from "./quoted.ts";

/** One request of a transaction, and which kind of answer it gets. */
export type TxnOperation =
  | { readonly kind: "get"; readonly operation: Operation<RangeResult> }
  | { readonly kind: "put"; readonly operation: Operation<PutResult> }
  | { readonly kind: "del"; readonly operation: Operation<DeleteResult> };

const COMPARISON = /^(\w+)\(("(?:[^"\\]|\\.)*")\)\s*(=|==|!=|<|>)\s*("(?:[^"\\]|\\.)*")$/;

/** Reads a condition, such as `mod("key") > "0"`. @throws {CommandError} */
export function parseComparison(line: string): Comparison {
  const match = COMPARISON.exec(line.trim());
  if (match === null) {
    throw new CommandError(`Cannot read the condition ${line}: write it as mod("key") > "0"`);
  }
  const [, target, quotedKey, sign, quotedOperand] = match;
  const key = unquote(quotedKey);
  const relation = (sign === "=" ? "==" : sign) as Relation;
  const bytes = unquote(quotedOperand);
  const text = new TextDecoder().decode(bytes);
  switch (target) {
    case "ver":
    case "version":
      return compare.version(key, relation, parseNumber("version", text));
    case "c":
    case "create":
      return compare.createRevision(key, relation, parseNumber("revision", text));
    case "m":
    case "mod":
      return compare.modRevision(key, relation, parseNumber("revision", text));
    case "val":
    case "value":
      return compare.value(key, relation, bytes);
    case "lease":
      return compare.lease(key, relation, parseId("lease", text));
    default:
      throw new CommandError(
        `Cannot compare ${target}: use value, version, create, mod or lease`,
      );
  }
}

/** Reads a request, such as `put key "a value"`. @throws {CommandError} */
export function parseOperation(line: string): TxnOperation {
  const [kind, ...tokens] = splitWords(line);
  switch (kind) {
    case "get": {
      const { args, flags } = splitCommandLine(GET_FLAGS, tokens);
      mustHave(args, 1, 2, line);
      return { kind, operation: op.range(rangeOf(args, flags), rangeOptionsOf(flags)) };
    }
    case "put": {
      const { args: [key, value, ...more], flags } = splitCommandLine(PUT_FLAGS, tokens);
      mustHave(value === undefined ? [] : [key, value, ...more], 2, 2, line);
      const lease = flags.get("lease");
      const options = {
        ...(lease === "" ? {} : { lease: parseId("lease", lease) }),
        keepLease: flags.boolean("ignore-lease"),
        previous: flags.boolean("prev-kv"),
      };
      return { kind, operation: op.put(key, value, options) };
    }
    case "del": {
      const { args, flags } = splitCommandLine(DEL_FLAGS, tokens);
      mustHave(args, 1, 2, line);
      const options = { previous: flags.boolean("prev-kv") };
      return { kind, operation: op.delete(rangeOf(args, flags), options) };
    }
    default:
      throw new CommandError(`Cannot read the request ${line}: begin it with get, put or del`);
  }
}

function mustHave(args: readonly string[], min: number, max: number, line: string): void {
  if (args.length >= min && args.length <= max) return;
  throw new CommandError(
    `Cannot read the request ${line}: write "get KEY", "put KEY VALUE" or "del KEY"`,
  );
}

/**
 * The three parts of a transaction: paragraphs that end with an empty line, or with the input. Lines
 * that begin with `#` say something to people.
 */
export async function* paragraphs(
  input: ReadableStream<Uint8Array>,
): AsyncGenerator<string[], void, undefined> {
  let rest = "";
  let lines: string[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of input) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts.map((line) => line.trim())) {
      if (part.startsWith("#")) continue;
      if (part !== "") lines.push(part);
      else {
        yield lines;
        lines = [];
      }
    }
  }
  const last = rest.trim();
  if (last !== "" && !last.startsWith("#")) lines.push(last);
  yield lines;
}
