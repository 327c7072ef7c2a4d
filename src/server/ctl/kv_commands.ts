import type { KeyValue, RangeResult } from "../../client/mod.ts";
import { booleanFlag, type Command } from "./command.ts";
import { parseId, parseNumber } from "./command_line.ts";
import type { Invocation } from "./invocation.ts";
import { type Json, keyValueToJson } from "./json_value.ts";
import { DEL_FLAGS, GET_FLAGS, PUT_FLAGS, rangeOf, rangeOptionsOf } from "./key_flags.ts";
import { keyLines } from "./key_output.ts";

/** Reads keys. Many of them come in pages, all as of one revision. */
async function get(invocation: Invocation): Promise<number> {
  const { args, flags, wait } = invocation;
  const range = rangeOf(args, flags);
  const options = { ...rangeOptionsOf(flags), ...wait };
  const client = invocation.client();
  const { sortBy, descending, countOnly } = options;
  const isPaged = sortBy === undefined && !descending && !countOnly && !invocation.isJson;
  if (isPaged) {
    const parts = { key: !flags.boolean("print-value-only"), value: !flags.boolean("keys-only") };
    for await (const kv of client.entries(range, options)) invocation.write(keyLines(kv, parts));
    return 0;
  }
  const result = await client.range(range, options);
  if (invocation.isJson) invocation.sayJson(rangeToJson(result));
  else if (countOnly) invocation.say(String(result.count));
  else {
    const parts = { key: !flags.boolean("print-value-only"), value: !flags.boolean("keys-only") };
    for (const kv of result.kvs) invocation.write(keyLines(kv, parts));
  }
  return 0;
}

/** A range as JSON. */
export function rangeToJson({ revision, count, more, kvs }: RangeResult): Json {
  return { revision, count, more, kvs: kvs.map(keyValueToJson) };
}

async function put(invocation: Invocation): Promise<number> {
  const { args: [key, text], flags, wait, terminal } = invocation;
  const value = text ?? await new Response(terminal.input).bytes();
  const lease = flags.get("lease");
  const result = await invocation.client().put(key, value, {
    ...wait,
    ...(lease === "" ? {} : { lease: parseId("lease", lease) }),
    keepLease: flags.boolean("ignore-lease"),
    previous: flags.boolean("prev-kv"),
  });
  if (invocation.isJson) {
    const { revision, previous } = result;
    invocation.sayJson({ revision, ...(previous && { previous: keyValueToJson(previous) }) });
    return 0;
  }
  invocation.say("OK");
  if (result.previous !== null) invocation.write(keyLines(result.previous));
  return 0;
}

async function del(invocation: Invocation): Promise<number> {
  const { args, flags, wait } = invocation;
  const range = rangeOf(args, flags);
  const options = { ...wait, previous: flags.boolean("prev-kv") };
  const { revision, deleted, previous } = await invocation.client().delete(range, options);
  if (invocation.isJson) {
    invocation.sayJson({ revision, deleted, previous: previous.map(keyValueToJson) });
    return 0;
  }
  invocation.say(String(deleted));
  previous.forEach((kv: KeyValue) => invocation.write(keyLines(kv)));
  return 0;
}

async function compact(invocation: Invocation): Promise<number> {
  const { args: [text], flags, wait } = invocation;
  const revision = parseNumber("revision", text);
  const physical = flags.boolean("physical");
  if (physical) invocation.progress("Compacting, and waiting until the space is free …");
  await invocation.client().compact(revision, { ...wait, physical });
  if (invocation.isJson) invocation.sayJson({ compacted: revision });
  else invocation.say(`compacted revision ${revision}`);
  return 0;
}

/** Keys and their history. */
export const KV_COMMANDS: readonly Command[] = [
  {
    name: "get",
    usage: "KEY [END]",
    help: "show keys",
    flags: GET_FLAGS,
    args: [1, 2],
    run: get,
  },
  {
    name: "put",
    usage: "KEY [VALUE]",
    help: "set a key, to standard input if there is no value",
    flags: PUT_FLAGS,
    args: [1, 2],
    run: put,
  },
  {
    name: "del",
    usage: "KEY [END]",
    help: "delete keys",
    flags: DEL_FLAGS,
    args: [1, 2],
    run: del,
  },
  {
    name: "compact",
    usage: "REVISION",
    help: "forget the history before a revision",
    flags: [booleanFlag("physical", "Waits until the space is free.")],
    args: [1, 1],
    run: compact,
  },
];
