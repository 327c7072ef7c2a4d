import type { DeleteResult, Operation, PutResult, RangeResult } from "../../client/mod.ts";
import { booleanFlag, type Command } from "./command.ts";
import type { Invocation } from "./invocation.ts";
import { type Json, keyValueToJson } from "./json_value.ts";
import { keyLines } from "./key_output.ts";
import { rangeToJson } from "./kv_commands.ts";
import { paragraphs, parseComparison, parseOperation, type TxnOperation } from "./txn_text.ts";

const PARTS = [
  "compares:",
  "success requests (get, put, del):",
  "failure requests (get, put, del):",
];

/** An answer, with the kind of request that it is for. */
type Answer =
  | { readonly kind: "get"; readonly result: RangeResult }
  | { readonly kind: "put"; readonly result: PutResult }
  | { readonly kind: "del"; readonly result: DeleteResult };

async function txn(invocation: Invocation): Promise<number> {
  const { flags, terminal, wait } = invocation;
  const isInteractive = flags.boolean("interactive");
  const parts = paragraphs(terminal.input);
  const read: string[][] = [];
  for (const prompt of PARTS) {
    if (isInteractive) invocation.say(prompt);
    const { value, done } = await parts.next();
    read.push(done === true ? [] : value);
  }
  await parts.return();
  const [conditions, success, failure] = read;
  const then = success.map(parseOperation);
  const otherwise = failure.map(parseOperation);
  const outcome = await invocation.client().txn()
    .when(...conditions.map(parseComparison))
    .do(...then.map(({ operation }): Operation<unknown> => operation))
    .otherwise(...otherwise.map(({ operation }): Operation<unknown> => operation))
    .commit(wait);
  const { succeeded, revision, results } = outcome;
  const answers = (succeeded ? then : otherwise).map(({ kind }: TxnOperation, i) =>
    // Each request's kind says which answer it gets.
    ({ kind, result: results[i] }) as Answer
  );
  if (invocation.isJson) {
    invocation.sayJson({ succeeded, revision, results: answers.map(answerToJson) });
    return 0;
  }
  const style = succeeded ? "green" : "yellow";
  invocation.say(invocation.styled(succeeded ? "SUCCESS" : "FAILURE", style));
  for (const answer of answers) {
    invocation.say("");
    show(invocation, answer);
  }
  return 0;
}

function show(invocation: Invocation, { kind, result }: Answer): void {
  switch (kind) {
    case "get":
      return result.kvs.forEach((kv) => invocation.write(keyLines(kv)));
    case "put":
      invocation.say("OK");
      if (result.previous !== null) invocation.write(keyLines(result.previous));
      return;
    case "del":
      invocation.say(String(result.deleted));
      return result.previous.forEach((kv) => invocation.write(keyLines(kv)));
  }
}

function answerToJson({ kind, result }: Answer): Json {
  switch (kind) {
    case "get":
      return rangeToJson(result);
    case "put":
      return result.previous === null ? {} : { previous: keyValueToJson(result.previous) };
    case "del":
      return { deleted: result.deleted, previous: result.previous.map(keyValueToJson) };
  }
}

/** Transactions. */
export const TXN_COMMAND: Command = {
  name: "txn",
  usage: "",
  help: "run a transaction from standard input: conditions, then requests, else requests",
  flags: [booleanFlag("interactive", "Asks for each part.")],
  args: [0, 0],
  run: txn,
};
