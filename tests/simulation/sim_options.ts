import type { Prng } from "../../src/base/prng.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import type { ReadMode, Timing } from "../../src/replica/options.ts";

/** What can go wrong in episodes. */
export const FAULT_KINDS = [
  "loss",
  "delay",
  "partition",
  "oneWay",
  "isolateLeader",
  "partialPartition",
  "crash",
  "crashLeader",
  "crashAtStep",
  "crashLoop",
  "kill",
  "killReader",
  "powerLoss",
  "diskError",
  "slowDisk",
  "fullDisk",
  "pause",
  "clockJump",
  "transfer",
  "close",
  "addLearner",
  "addVoter",
  "promote",
  "remove",
  "replace",
  "reconfigure",
  "removeThenCrash",
  "wipe",
  "bitRot",
  "leaderReturns",
  "leaderHunt",
] as const;
/** One of {@linkcode FAULT_KINDS}. */
export type FaultKind = typeof FAULT_KINDS[number];

/** Faults in which nobody loses the time for longer than a frame travels. */
export const TIMELY_FAULT_KINDS: ReadonlySet<FaultKind> = new Set([
  "loss",
  "partition",
  "oneWay",
  "isolateLeader",
  "partialPartition",
  "leaderHunt",
  "transfer",
]);
/** One run in so many has no other faults, and leases, whose clock then can be held to the time. */
const TIMELY_EVERY = 8;

/** How often a fault comes and how long it stays, on average, in virtual milliseconds. */
export interface FaultPlan {
  readonly gapMs: number;
  readonly durationMs: number;
}

/** How the network behaves all the time. Probabilities are per frame. */
export interface NetworkOptions {
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Frames that are damaged on their way, which the codec must notice. */
  readonly corruptRate: number;
  /** Frames that travel as bytes, through the real codec; the others go by reference. */
  readonly codecRate: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Whether frames of one sender arrive in their order, as over one connection. */
  readonly isOrdered: boolean;
}

/** Everything that shapes a run. */
export interface SimOptions {
  readonly seed: number;
  /** How long faults and clients go on. */
  readonly stormMs: number;
  /** How long the cluster may take afterwards until all is well. */
  readonly calmMs: number;
  readonly replicaCount: number;
  readonly timing: Timing;
  readonly readMode: ReadMode;
  readonly network: NetworkOptions;
  readonly syncMinMs: number;
  readonly syncMaxMs: number;
  readonly diskSegmentBytes: number;
  /** By how much a clock may run fast or slow: 0.1 is a tenth. */
  readonly clockDrift: number;
  readonly clientCount: number;
  readonly watcherCount: number;
  readonly leaseHolderCount: number;
  readonly keyCount: number;
  /** What each value is made longer by, so that writes span sectors of the disk. */
  readonly valueBytes: number;
  /** Between an answer and the next request of a client, on average. */
  readonly thinkMs: number;
  /** Answers to clients that get lost. */
  readonly lostAnswerRate: number;
  readonly isCompacting: boolean;
  readonly faults: Readonly<Partial<Record<FaultKind, FaultPlan>>>;
}

function pick<T>(prng: Prng, choices: readonly T[]): T {
  return choices[prng.between(0, choices.length)];
}

/** Draws a run from its seed. */
export function drawOptions(seed: number): SimOptions {
  const prng = new SeededPrng(seed).fork("options");
  const heartbeatIntervalMs = pick(prng, [100, 150, 200, 300]);
  const snapshotEntries = pick(prng, [3, 20, 60, 300, 10_000]);
  const electionTimeoutMs = Math.max(4 * heartbeatIntervalMs, pick(prng, [500, 1_000, 1_500]));
  const isRough = prng.chance(0.5);
  const isTimely = seed % TIMELY_EVERY === 0;
  const clientCount = pick(prng, [2, 4, 6, 10]);
  const clockDrift = pick(prng, [0, 0.001, 0.05, 0.1]);
  const readMode = clockDrift <= LEASE_DRIFT_MAX && prng.chance(0.4) ? "lease" : "readIndex";
  return {
    seed,
    stormMs: 60_000,
    calmMs: 40_000,
    replicaCount: pick(prng, [1, 2, 3, 3, 3, 3, 4, 5, 5]),
    network: {
      lossRate: isRough ? pick(prng, [0, 0.005, 0.02, 0.08]) : 0,
      duplicateRate: isRough ? pick(prng, [0, 0.01, 0.05, 0.2]) : 0,
      corruptRate: isRough ? pick(prng, [0, 0.002, 0.01]) : 0,
      codecRate: pick(prng, [0.02, 0.1, 1]),
      delayMinMs: pick(prng, [0.1, 0.5, 2]),
      delayMaxMs: pick(prng, [2, 5, 20, 60]),
      isOrdered: prng.chance(0.3),
    },
    syncMinMs: pick(prng, [0.05, 0.5, 2]),
    syncMaxMs: pick(prng, [2, 5, 30]),
    diskSegmentBytes: pick(prng, [4_096, 16_384, 65_536]),
    clockDrift,
    clientCount,
    watcherCount: pick(prng, [1, 2, 4]),
    leaseHolderCount: pick(prng, isTimely ? [1, 1, 2, 3] : [0, 1, 2, 3]),
    keyCount: pick(prng, [1, 3, 6, 12]),
    valueBytes: pick(prng, [0, 0, 0, 1_500]),
    // Many busy clients show little that few do not, and take long.
    thinkMs: Math.max(pick(prng, [30, 100, 250]), 10 * clientCount),
    lostAnswerRate: pick(prng, [0, 0.01, 0.1]),
    isCompacting: prng.chance(0.5),
    faults: isTimely ? timely(drawFaults(prng, readMode)) : drawFaults(prng, readMode),
    readMode,
    timing: {
      heartbeatIntervalMs,
      electionTimeoutMs,
      snapshotEntries,
      snapshotCatchUpEntries: pick(prng, [0, 2, 20, 100]),
      // One entry in a message shows what many at once would hide.
      appendBytesMax: pick(prng, [1, 1, 500, 1_048_576]),
    },
  };
}

/** Clocks that run apart by more than this on both sides use up what a leader's lease leaves for it. */
const LEASE_DRIFT_MAX = 0.05;
const MEMBERSHIP_KINDS = [
  "addLearner",
  "addVoter",
  "promote",
  "remove",
  "replace",
  "reconfigure",
  "removeThenCrash",
] as const;
const STORAGE_LOSSES = ["wipe", "bitRot"] as const;

function drawFaults(prng: Prng, readMode: ReadMode): Partial<Record<FaultKind, FaultPlan>> {
  const faults: Partial<Record<FaultKind, FaultPlan>> = {};
  // A calm seed now and then shows what needs no fault; a seed of few kinds shows them undisturbed.
  const share = pick(prng, [0.05, 0.2, 0.35, 0.5]);
  for (const kind of FAULT_KINDS) {
    const isChosen = prng.chance(kind.startsWith("leader") ? 0.3 : share);
    const plan = {
      gapMs: pick(prng, [2_000, 5_000, 12_000]),
      durationMs: pick(prng, [300, 1_500, 5_000]),
    };
    if (isChosen) faults[kind] = plan;
  }
  // A lease of a leader trusts that ticks do not stop.
  if (readMode === "lease") delete faults.pause;
  // Where a storage is lost for good, other changes at the same time could lose the quorum.
  const excluded = prng.chance(0.3) ? MEMBERSHIP_KINDS : STORAGE_LOSSES;
  for (const kind of excluded) delete faults[kind];
  if (faults.addLearner !== undefined) faults.promote ??= faults.addLearner;
  return faults;
}

/** Only what leaves everybody the time, and changes of leader in any case. */
function timely(faults: SimOptions["faults"]): SimOptions["faults"] {
  const kept = Object.entries(faults).filter(([kind]) => TIMELY_FAULT_KINDS.has(kind as FaultKind));
  return {
    transfer: { gapMs: 5_000, durationMs: 300 },
    isolateLeader: { gapMs: 5_000, durationMs: 1_500 },
    ...Object.fromEntries(kept),
  };
}

/** The options as people read them. */
export function describeOptions(options: SimOptions): string {
  const { faults, ...rest } = options;
  const plain = JSON.stringify(rest).replaceAll('"', "").replaceAll(",", " ");
  const kinds = Object.entries(faults).map(([kind, { gapMs, durationMs }]) =>
    `${kind}(every ${gapMs}, for ${durationMs})`
  );
  return `${plain}\nfaults: ${kinds.join(" ") || "none"}`;
}
