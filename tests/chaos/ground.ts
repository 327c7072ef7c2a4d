import type { Clock } from "../../src/base/clock.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { KvorumClient } from "../../src/client/mod.ts";

/** Where a chaotic run takes place: on simulated time and wires, or on real ones. */
export interface Ground {
  readonly clock: Clock;
  readonly prng: Prng;
  /** The ways to the replicas, one for each client and replica. */
  readonly links: readonly Link[];
  /** A client whose connections go over links of its own. */
  connect(): KvorumClient;
}

/** What may be wrong with a wire for a while. */
export const TROUBLES = ["delay", "drip", "silent", "deafServer", "deafClient", "refuse"] as const;
/** One of {@linkcode TROUBLES}. */
export type Trouble = typeof TROUBLES[number];

/** A wire between a client and a replica, which breaks in all the ways in which networks do. */
export interface Link {
  /** What is wrong with it; null if nothing is. */
  trouble: Trouble | null;
  /** Breaks what is connected. */
  cut(): void;
  /** Breaks what is connected in the middle of the client's next frame. */
  cutInFrame(): void;
}

/** Waits by the ground's clock. */
export function sleep({ clock }: Ground, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** What a chaotic run found. */
export class Findings {
  /** Broken promises; empty when all is well. */
  readonly violations: string[] = [];
  readonly counts: Map<string, number> = new Map();

  /** Notes a broken promise. */
  report(text: string): void {
    this.violations.push(text);
  }

  /** Counts something. */
  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** One line for people. */
  toString(): string {
    const counts = [...this.counts].sort().map(([what, count]) => `${count} ${what}`).join(", ");
    return `${counts}; ${this.violations.length} broken promises`;
  }
}
