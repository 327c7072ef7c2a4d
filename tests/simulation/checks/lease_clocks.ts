import type { LeaseClockMessage } from "../../../src/transport/peer_message.ts";
import { type FaultKind, type SimOptions, TIMELY_FAULT_KINDS } from "../sim_options.ts";
import type { Verdict } from "../verdict.ts";
import type { World } from "../world.ts";

/** Replicas begin with clocks of their own; by then all have heard a leader. */
const SETTLED_MS = 5_000;
/** Who is cut off keeps the time alone, and drifts, for no longer than this. */
const ALONE_MS_MAX = 30_000;

/**
 * The lease clock over changes of leader: a successor's is behind its predecessor's by little more than
 * a frame takes, so leases are extended by no more. (That it is not ahead is what the check of leases
 * shows.) Where processes stop, pause or start, time is lost for good reasons and nothing is checked.
 */
export class LeaseClocks {
  readonly #world: World;
  readonly #options: SimOptions;
  readonly #verdict: Verdict;
  readonly #isTimely: boolean;
  #last: { readonly term: number; readonly readingMs: number; readonly atMs: number } | null = null;

  constructor(world: World, options: SimOptions, verdict: Verdict) {
    this.#world = world;
    this.#options = options;
    this.#verdict = verdict;
    const kinds = Object.keys(options.faults) as FaultKind[];
    this.#isTimely = kinds.every((kind) => TIMELY_FAULT_KINDS.has(kind));
  }

  /** A leader tells its reading. */
  told({ term, readingMs }: LeaseClockMessage): void {
    const last = this.#last;
    const atMs = this.#world.nowMs;
    if (!this.#isTimely || atMs < SETTLED_MS || (last !== null && term < last.term)) return;
    this.#last = { term, readingMs, atMs };
    if (last === null || term === last.term) return;
    this.#verdict.count("lease clocks taken over");
    const elapsedMs = atMs - last.atMs;
    const { network: { delayMaxMs }, timing: { heartbeatIntervalMs }, clockDrift } = this.#options;
    const driftMs = 2 * clockDrift * (elapsedMs + ALONE_MS_MAX);
    const lagMs = last.readingMs + elapsedMs - readingMs;
    // A stamp also waits for the disk.
    if (lagMs <= delayMaxMs + heartbeatIntervalMs + driftMs) return;
    this.#verdict.report("leases", `the clock of term ${term} is ${lagMs | 0} ms behind`);
  }
}
