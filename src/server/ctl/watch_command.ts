import type { WatchBatch, WatchEvent } from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { booleanFlag, type Command, numberFlag } from "./command.ts";
import type { Invocation } from "./invocation.ts";
import { bytesToJson, type Json, keyValueToJson } from "./json_value.ts";
import { RANGE_FLAGS, rangeOf } from "./key_flags.ts";
import { keyLines } from "./key_output.ts";
import { runProgram } from "./program.ts";

async function watch(invocation: Invocation): Promise<number> {
  const { args, flags, terminal, wait } = invocation;
  const range = rangeOf(args, flags);
  const startRevision = flags.number("rev");
  const client = invocation.client();
  // Why: a watch waits for a server as long as it takes, and nobody would see why nothing comes.
  await client.range(range, { ...wait, countOnly: true });
  const batches = client.watch(range, {
    ...(startRevision === 0 ? {} : { startRevision }),
    previous: flags.boolean("prev-kv"),
    signal: terminal.signal,
  });
  return await invocation.untilEnough(async () => {
    await batches.opened();
    invocation.progress("Watching; Ctrl-C ends it.");
    for await (const batch of batches) await tell(invocation, batch);
  });
}

async function tell(invocation: Invocation, batch: WatchBatch): Promise<void> {
  const { rest, terminal } = invocation;
  if (invocation.isJson) invocation.sayJson(batchToJson(batch));
  else batch.events.forEach((event) => show(invocation, event));
  if (rest.length === 0) return;
  for (const event of batch.events) {
    const code = await runProgram(rest, environmentOf(batch, event), terminal, terminal.signal);
    if (code !== 0) throw new CommandError(`${rest.join(" ")} ended with exit code ${code}`);
  }
}

function show(invocation: Invocation, { type, kv, previous }: WatchEvent): void {
  invocation.say(
    type === "put" ? invocation.styled("PUT", "green") : invocation.styled("DELETE", "red"),
  );
  if (previous !== null) invocation.write(keyLines(previous));
  invocation.write(keyLines(kv));
}

function batchToJson({ revision, events }: WatchBatch): Json {
  return {
    revision,
    events: events.map(({ type, kv, previous }): Json => ({
      type,
      ...(type === "put" ? keyValueToJson(kv) : { key: bytesToJson(kv.key) }),
      ...(previous && { previous: keyValueToJson(previous) }),
    })),
  };
}

/** What a program learns of a change. Ref: etcdctl/ctlv3/command/watch_command.go. */
function environmentOf({ revision }: WatchBatch, { type, kv }: WatchEvent): Record<string, string> {
  return {
    ETCD_WATCH_REVISION: String(revision),
    ETCD_WATCH_EVENT_TYPE: JSON.stringify(type.toUpperCase()),
    ETCD_WATCH_KEY: JSON.stringify(kv.name),
    ETCD_WATCH_VALUE: JSON.stringify(kv.text()),
  };
}

/** Watches. */
export const WATCH_COMMAND: Command = {
  name: "watch",
  usage: "KEY [END] [-- PROGRAM …]",
  help: "show changes as they happen, or run a program for each",
  flags: [
    ...RANGE_FLAGS,
    numberFlag("rev", "From this revision on."),
    booleanFlag("prev-kv", "Shows keys as they were before, too."),
  ],
  args: [1, 2],
  takesProgram: true,
  run: watch,
};
