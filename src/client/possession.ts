import type { KeyValue } from "../proto/key_value.ts";

/** Another try to possess a key that somebody else has is not made sooner. */
const DENIED_PAUSE_MS = 2_000;

/** What is known here of one key, and whether it is possessed. */
export class Possession {
  /** The revision in which the key was taken into possession; zero while it is not. */
  since = 0;
  /** The last revision in which the possession was seen asked back, or gone. */
  askedBackAt = 0;
  /** The key as it is, null if it is not there, undefined if that has to be asked. */
  kv: KeyValue | null | undefined = undefined;
  /** The revision of the store as of which the key was read. */
  revision = 0;
  /**
   * Writes of our own under way. Safety: others may see one of them before we hear of it, so nothing
   * may be answered from here meanwhile.
   */
  #writes = 0;
  /** Changes with each write: what was read before one is not known after it. */
  #epoch = 0;
  #deniedAtMs = -Infinity;
  #isAsking = false;

  /** Whether the key may be answered from here. */
  get isKnown(): boolean {
    return this.since > 0 && this.kv !== undefined && this.#writes === 0;
  }

  /** Whether it is worth trying to possess the key. */
  mayAsk(nowMs: number): boolean {
    return this.since === 0 && !this.#isAsking && nowMs - this.#deniedAtMs >= DENIED_PAUSE_MS;
  }

  /** The key is asked for. */
  asking(): void {
    this.#isAsking = true;
  }

  /** The key was given, in a revision. @returns false if it has been asked back since */
  given(revision: number): boolean {
    this.#isAsking = false;
    if (this.askedBackAt > revision) return false;
    this.since = revision;
    return true;
  }

  /** The key was not given. */
  denied(nowMs: number): void {
    this.#isAsking = false;
    this.#deniedAtMs = nowMs;
  }

  /** A write of our own begins. */
  beginWrite(): void {
    this.#writes++;
    this.#epoch++;
    this.kv = undefined;
  }

  /** It is over. */
  endWrite(): void {
    this.#writes--;
  }

  /** Nothing is possessed any more, and nothing will be. */
  end(): void {
    this.since = 0;
    this.askedBackAt = Infinity;
    this.kv = undefined;
  }

  /**
   * Before the key is read at the cluster.
   * @returns what takes the answer, if the key is possessed and was not written meanwhile
   */
  reading(): (kv: KeyValue | null, revision: number) => void {
    const epoch = this.#epoch;
    return (kv, revision) => {
      if (this.since === 0 || this.#writes > 0 || this.#epoch !== epoch) return;
      this.kv = kv;
      this.revision = revision;
    };
  }
}
