import { leaderOf, Leadership, Lock, observeLeader, Session } from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { booleanFlag, type Command } from "./command.ts";
import type { Invocation } from "./invocation.ts";
import { keyValueToJson } from "./json_value.ts";
import { keyLines } from "./key_output.ts";
import { runProgram } from "./program.ts";

const TTL_FLAG = {
  name: "ttl",
  kind: "number",
  default: "60",
  help: "Seconds until others get it when this program dies.",
} as const;

async function lock(invocation: Invocation): Promise<number> {
  const { args: [name, ...words], terminal, rest } = invocation;
  const { signal } = terminal;
  const program = rest.length > 0 ? rest : words;
  const session = await openSession(invocation);
  try {
    invocation.progress(`Waiting for ${name} …`);
    const held = await Lock.acquire(session, name, { signal });
    if (program.length > 0) {
      const env = { ETCD_LOCK_KEY: held.key, ETCD_LOCK_REV: String(held.token) };
      const code = await runProgram(
        program,
        env,
        terminal,
        AbortSignal.any([signal, held.lost]),
      );
      if (held.lost.aborted) throw new CommandError(`The lock ${name} was lost: its lease ended`);
      await held.release();
      return code;
    }
    if (invocation.isJson) invocation.sayJson({ key: held.key, token: held.token });
    else invocation.say(held.key);
    await untilEnough(signal, held.lost, `The lock ${name} was lost: its lease ended`);
    await held.release();
    return 0;
  } finally {
    await session.close();
  }
}

async function elect(invocation: Invocation): Promise<number> {
  const { args: [name, value], flags, terminal: { signal } } = invocation;
  if (flags.boolean("listen") !== (value === undefined)) {
    throw new CommandError("Give a value to campaign with, or --listen to see who leads");
  }
  if (value === undefined) return await observe(invocation, name);
  const session = await openSession(invocation);
  try {
    invocation.progress(`Waiting to lead ${name} …`);
    const leadership = await Leadership.campaign(session, name, value, { signal });
    const own = await leaderOf(session.client, name, invocation.wait);
    if (own !== null && invocation.isJson) invocation.sayJson(keyValueToJson(own));
    else if (own !== null) invocation.write(keyLines(own));
    await untilEnough(
      signal,
      leadership.lost,
      `The leadership of ${name} was lost: its lease ended`,
    );
    await leadership.resign();
    return 0;
  } finally {
    await session.close();
  }
}

async function observe(invocation: Invocation, name: string): Promise<number> {
  const { signal } = invocation.terminal;
  return await invocation.untilEnough(async () => {
    for await (const leader of observeLeader(invocation.client(), name, { signal })) {
      if (leader === null) continue;
      if (invocation.isJson) invocation.sayJson(keyValueToJson(leader));
      else invocation.write(keyLines(leader));
    }
  });
}

async function openSession(invocation: Invocation): Promise<Session> {
  const ttlSeconds = invocation.flags.number("ttl");
  return await Session.open(invocation.client(), { ttlSeconds });
}

/** Waits until the user has had enough. @throws {CommandError} when it is lost before */
async function untilEnough(signal: AbortSignal, lost: AbortSignal, loss: string): Promise<void> {
  const either = AbortSignal.any([signal, lost]);
  if (!either.aborted) {
    await new Promise<void>((resolve) =>
      either.addEventListener("abort", () => resolve(), { once: true })
    );
  }
  if (!signal.aborted) throw new CommandError(loss);
}

/** Locks and elections, which are etcdctl's, too. */
export const LOCK_COMMANDS: readonly Command[] = [
  {
    name: "lock",
    usage: "NAME [-- PROGRAM …]",
    help: "hold a lock, for a program or until Ctrl-C",
    flags: [TTL_FLAG],
    args: [1, Infinity],
    takesProgram: true,
    run: lock,
  },
  {
    name: "elect",
    usage: "NAME [VALUE]",
    help: "lead until Ctrl-C, or see who leads",
    flags: [booleanFlag("listen", "Shows who leads, and every change; also -l."), TTL_FLAG],
    args: [1, 2],
    run: elect,
  },
];
