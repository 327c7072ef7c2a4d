/**
 * How many puts a second the state machine applies, in batches of 256 as they come out of the log,
 * and what that is of the bare store's rate in the same run. Run it with
 * `deno task bench machine_bench [KEYS]` (300,000 keys unless said otherwise).
 */
import { ByteWriter } from "../src/base/byte_writer.ts";
import { Machine } from "../src/machine/machine.ts";
import { MvccStore } from "../src/mvcc/store.ts";
import { executePut } from "../src/mvcc/txn.ts";
import { create, encodeToBytes } from "../src/proto/codec.ts";
import { type Command, CommandKind, encodeBatch, stampBatch } from "../src/proto/command.ts";
import { PutRequest } from "../src/proto/kv.ts";
import { LeaseGrantRequest } from "../src/proto/lease.ts";
import { say } from "../tools/say.ts";

const KEYS = Number(Deno.args[0] ?? 300_000);
const BATCH = 256;
const ROUNDS = 5;
const FEW_KEYS = 10_000;
const PUTS_OVER = 25_600;
const LEASE = 7n;
const CLIENT = 99n;
const value = crypto.getRandomValues(new Uint8Array(256));
const encoder = new TextEncoder();

function putRequest(index: number, lease: bigint): PutRequest {
  // A prime step scatters the keys; 32 bytes each.
  const key = encoder.encode(`key/${(index * 7_919) % KEYS}`.padEnd(32, "."));
  return create(PutRequest, { key, value, lease });
}

interface BatchOptions {
  readonly lease?: bigint;
  readonly identified?: boolean;
  /** How many batches the machine has applied before. */
  readonly before?: number;
}

/** Batches that put these keys. */
function batches(indexes: readonly number[], options: BatchOptions): Uint8Array[] {
  const { lease = 0n, before = 0 } = options;
  const writer = new ByteWriter(1 << 17);
  const all: Uint8Array[] = [];
  for (let from = 0; from < indexes.length; from += BATCH) {
    const commands: Command[] = [];
    for (const index of indexes.slice(from, from + BATCH)) {
      const body = encodeToBytes(PutRequest, putRequest(index, lease));
      const identity = options.identified ? { client: CLIENT, sequence: index + 1 } : null;
      commands.push({ kind: CommandKind.Put, body, identity });
    }
    writer.reset();
    encodeBatch({ origin: 1n, incarnation: 1, number: before + all.length + 1, commands }, writer);
    all.push(stampBatch(writer.view(), 0));
  }
  return all;
}

function machineWithLease(): Machine {
  const machine = new Machine();
  const body = encodeToBytes(LeaseGrantRequest, { id: LEASE, ttl: 60 });
  const writer = new ByteWriter();
  const commands = [{ kind: CommandKind.LeaseGrant, body, identity: null }];
  encodeBatch({ origin: 0n, incarnation: 0, number: 0, commands }, writer);
  machine.apply(stampBatch(writer.view(), 0));
  return machine;
}

function elapsedMs(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

const everyIndex = Array.from({ length: KEYS }, (_, index) => index);
const plain = batches(everyIndex, {});
const leased = batches(everyIndex, { lease: LEASE });
const identified = batches(everyIndex, { identified: true });
const requests = Array.from({ length: KEYS }, (_, index) => putRequest(index, 0n));

const noLease = () => false;
const cases: [string, () => void][] = [
  ["bare store, new keys", () => {
    const store = new MvccStore();
    for (const request of requests) executePut(store, request, noLease);
  }],
  ...([["new keys", plain], ["on one lease", leased], ["with identities", identified]] as const)
    .map(([name, data]): [string, () => void] => [`machine, ${name}`, () => {
      const machine = machineWithLease();
      for (const batch of data) machine.apply(batch);
    }]),
];

// The cases take turns, so that what else the computer does meets all of them.
const times: number[][] = cases.map(() => []);
for (let round = 0; round < ROUNDS; round++) {
  cases.forEach(([, run], at) => times[at].push(elapsedMs(run)));
}
const rates = times.map((ms) => KEYS / median(ms) * 1_000);
cases.forEach(([name], at) => {
  const share = (rates[at] / rates[0] * 100).toFixed(0);
  const rate = `${Math.round(rates[at])} puts/s`.padStart(16);
  say(`${name.padEnd(26)} ${rate} ${share} %`);
});

for (const [name, data] of [["plain", plain], ["leased", leased]] as const) {
  const machine = machineWithLease();
  for (const batch of data) machine.apply(batch);
  const { header, segments } = machine.snapshot();
  const snapshotMs = elapsedMs(() => machine.snapshot());
  const copy = new Machine();
  const restoreMs = elapsedMs(() => copy.restore(header, segments));
  say(
    `${KEYS} ${name} keys`.padEnd(26) +
      ` snapshot ${snapshotMs.toFixed(1)} ms, restore ${restoreMs.toFixed(0)} ms`,
  );
}

/** A machine with so many keys, and how long it takes to put over them in any order. */
class FilledMachine {
  readonly #machine = new Machine();
  readonly #keys: number;
  #batches = 0;

  constructor(keys: number) {
    this.#keys = keys;
    this.#apply(everyIndex.slice(0, keys));
  }

  #apply(indexes: readonly number[]): number {
    const data = batches(indexes, { before: this.#batches });
    this.#batches += data.length;
    return elapsedMs(() => data.forEach((batch) => this.#machine.apply(batch)));
  }

  putsMs(): number {
    const any = () => Math.floor(Math.random() * this.#keys);
    return this.#apply(Array.from({ length: PUTS_OVER }, any));
  }
}

const [few, all] = [new FilledMachine(Math.min(KEYS, FEW_KEYS)), new FilledMachine(KEYS)];
const rounds = Array.from({ length: ROUNDS }, () => [few.putsMs(), all.putsMs()]);
const overRates = [0, 1].map((i) => PUTS_OVER / median(rounds.map((ms) => ms[i])) * 1_000);
const ratio = median(rounds.map(([fewMs, allMs]) => allMs / fewMs)).toFixed(2);
say(
  `puts over ${FEW_KEYS} keys ${Math.round(overRates[0])}/s, over ${KEYS} keys ` +
    `${Math.round(overRates[1])}/s, cost ratio ${ratio}`,
);
