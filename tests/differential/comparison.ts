import { KNOWN_DIFFERENCES, type KnownDifference } from "./known_differences.ts";
import { type Sequence, type Step, toCurl } from "./sequence.ts";
import { requestCount, type Subject } from "./subject.ts";
import { transcript } from "./transcript.ts";

/** How many revisions a server uses at least to come to a common one. */
const REVISIONS_TO_BEGIN = 3;

/** Sends sequences to both servers and says where their behaviour differs. */
export class Comparison {
  /** How many requests were compared. */
  requests = 0;
  /** How often each known difference was met. */
  readonly met: Map<KnownDifference, number> = new Map();
  readonly #ours: Subject;
  readonly #theirs: Subject;

  constructor(ours: Subject, theirs: Subject) {
    this.#ours = ours;
    this.#theirs = theirs;
  }

  /** The first difference, as text; null where there is none. */
  async differ(sequence: Sequence): Promise<string | null> {
    const subjects = [this.#ours, this.#theirs];
    const revisions = await Promise.all(subjects.map((subject) => subject.reset()));
    const base = Math.max(...revisions) + REVISIONS_TO_BEGIN;
    const [ours, theirs] = await Promise.all(
      subjects.map((subject) => subject.run(sequence, base)),
    );
    const their = transcript(sequence, theirs);
    let compared: Step | null = null;
    for (const [i, our] of transcript(sequence, ours).entries()) {
      if (our.step !== compared) this.requests += requestCount(our.step);
      compared = our.step;
      if (our.text === their[i].text) continue;
      const known = KNOWN_DIFFERENCES.find(({ explains }) =>
        explains(our.text, their[i].text, our.step)
      );
      if (known === undefined) {
        return `${our.about}\n  Kvorum: ${our.text}\n  etcd:   ${their[i].text}`;
      }
      this.met.set(known, (this.met.get(known) ?? 0) + 1);
      if (known.partsWays) return null;
    }
    return null;
  }
}

/** A difference with the sequence that shows it, to read and to try by hand. */
export function report(sequence: Sequence, difference: string): string {
  return `${toCurl(sequence)}\n${difference}`;
}
