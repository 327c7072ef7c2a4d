import { toText } from "../../client/data.ts";
import { CommandError } from "../command_error.ts";
import { booleanFlag, type Command } from "./command.ts";
import { parseId, parseNumber } from "./command_line.ts";
import type { Invocation } from "./invocation.ts";
import { bytesToJson, formatId } from "./json_value.ts";

/** A lease is renewed so often in its life. */
const RENEWALS_PER_LIFE = 3;

async function grant(invocation: Invocation): Promise<number> {
  const ttl = parseNumber("TTL in seconds", invocation.args[0]);
  const { id, ttlSeconds } = await invocation.client().leases.grant(ttl, invocation.wait);
  if (invocation.isJson) invocation.sayJson({ id: formatId(id), ttlSeconds });
  else invocation.say(`lease ${formatId(id)} granted with TTL(${ttlSeconds}s)`);
  return 0;
}

async function revoke(invocation: Invocation): Promise<number> {
  const id = parseId("lease", invocation.args[0]);
  await invocation.client().leases.revoke(id, invocation.wait);
  if (invocation.isJson) invocation.sayJson({ revoked: formatId(id) });
  else invocation.say(`lease ${formatId(id)} revoked`);
  return 0;
}

async function keepAlive(invocation: Invocation): Promise<number> {
  const { terminal, flags, wait } = invocation;
  const id = parseId("lease", invocation.args[0]);
  const { leases } = invocation.client();
  for (;;) {
    const ttlSeconds = await leases.renew(id, wait);
    if (ttlSeconds <= 0) throw new CommandError(`lease ${formatId(id)} expired or revoked`);
    if (invocation.isJson) invocation.sayJson({ id: formatId(id), ttlSeconds });
    else invocation.say(`lease ${formatId(id)} keepalived with TTL(${ttlSeconds})`);
    if (flags.boolean("once")) return 0;
    await pause(ttlSeconds * 1_000 / RENEWALS_PER_LIFE, terminal.signal);
    if (terminal.signal.aborted) return 0;
  }
}

async function timeToLive(invocation: Invocation): Promise<number> {
  const id = parseId("lease", invocation.args[0]);
  const withKeys = invocation.flags.boolean("keys");
  const options = { ...invocation.wait, keys: withKeys };
  const { remainingSeconds, ttlSeconds, keys } = await invocation.client().leases.state(
    id,
    options,
  );
  if (invocation.isJson) {
    invocation.sayJson({
      id: formatId(id),
      remainingSeconds,
      ttlSeconds,
      ...(withKeys ? { keys: keys.map(bytesToJson) } : {}),
    });
  } else if (remainingSeconds < 0) {
    invocation.say(`lease ${formatId(id)} already expired`);
  } else {
    const attached = withKeys ? `, attached keys([${keys.map(toText).join(" ")}])` : "";
    const text = `granted with TTL(${ttlSeconds}s), remaining(${remainingSeconds}s)${attached}`;
    invocation.say(`lease ${formatId(id)} ${text}`);
  }
  return 0;
}

async function list(invocation: Invocation): Promise<number> {
  const { leases } = invocation.client();
  const ids = (await leases.list(invocation.wait)).sort((a, b) => a < b ? -1 : 1);
  if (invocation.isJson) {
    invocation.sayJson({ leases: ids.map(formatId) });
    return 0;
  }
  const states = await Promise.all(
    ids.map((id) => leases.state(id, { ...invocation.wait, keys: true })),
  );
  invocation.sayTable(
    ["LEASE", "TTL", "REMAINING", "KEYS"],
    ids.map((id, i) => {
      const { ttlSeconds, remainingSeconds, keys } = states[i];
      return [formatId(id), `${ttlSeconds}s`, `${remainingSeconds}s`, String(keys.length)];
    }),
  );
  return 0;
}

/** Waits, or until the user has had enough. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(durationMs, 2 ** 31 - 1));
    signal.addEventListener("abort", end);
  });
}

/** Leases. */
export const LEASE_COMMANDS: readonly Command[] = [
  {
    name: "lease grant",
    usage: "TTL",
    help: "create a lease that lives for so many seconds",
    flags: [],
    args: [1, 1],
    run: grant,
  },
  {
    name: "lease revoke",
    usage: "ID",
    help: "end a lease and delete its keys",
    flags: [],
    args: [1, 1],
    run: revoke,
  },
  {
    name: "lease keep-alive",
    usage: "ID",
    help: "renew a lease until it is enough",
    flags: [booleanFlag("once", "Renews it once.")],
    args: [1, 1],
    run: keepAlive,
  },
  {
    name: "lease timetolive",
    usage: "ID",
    help: "show what is left of a lease",
    flags: [booleanFlag("keys", "Shows its keys, too.")],
    args: [1, 1],
    run: timeToLive,
  },
  { name: "lease list", usage: "", help: "show all leases", flags: [], args: [0, 0], run: list },
];
