import { compare, KvorumError, Lock, op, Session } from "../../src/client/mod.ts";
import { type Findings, type Ground, sleep } from "./ground.ts";

const LOCK = "mutex";
/** What the lock protects. */
export const GUARDED = "guarded";

/** Who believes to hold the lock. All contenders of a run share one. */
export class Holders {
  readonly #holding = new Map<string, Lock>();

  /** A contender has the lock. Its belief ends with `leave`, or when its session is lost. */
  enter(name: string, lock: Lock, findings: Findings): void {
    for (const [other, held] of this.#holding) {
      if (held.lost.aborted) continue;
      findings.report(`${name} got the lock with ${lock.token}, ${other} holds ${held.token}`);
    }
    this.#holding.set(name, lock);
  }

  leave(name: string): void {
    this.#holding.delete(name);
  }
}

/** Takes a lock, writes what only its holder may write, and lets go of it, again and again. */
export class Contender {
  readonly #name: string;
  readonly #holders: Holders;

  constructor(name: string, holders: Holders) {
    this.#name = name;
    this.#holders = holders;
  }

  /** Contends until the signal. */
  async run(ground: Ground, findings: Findings, signal: AbortSignal): Promise<void> {
    await using client = ground.connect();
    const prng = ground.prng.fork(this.#name);
    while (!signal.aborted) {
      let session: Session | null = null;
      try {
        session = await Session.open(client, { ttlSeconds: 5, deadlineMs: 5_000 });
        for (let turn = 0; turn < 5 && !signal.aborted; turn++) {
          await this.#holdOnce(ground, session, findings, prng.next() * 400);
        }
      } catch (error) {
        // Lost sessions and passed deadlines are what this is about; the next session tries again.
        if (!(error instanceof KvorumError)) throw error;
        findings.count(
          `sessions ended by ${error.name === "KvorumError" ? error.code : error.name}`,
        );
      } finally {
        this.#holders.leave(this.#name);
        await session?.close().catch(() => findings.count("sessions left to expire"));
      }
    }
  }

  async #holdOnce(ground: Ground, session: Session, findings: Findings, ms: number): Promise<void> {
    const lock = await Lock.acquire(session, LOCK, { deadlineMs: 20_000 });
    this.#holders.enter(this.#name, lock, findings);
    findings.count("locks held");
    const { succeeded } = await session.client.txn()
      .when(compare.createRevision(lock.key, "==", lock.token))
      .do(op.put(GUARDED, `${lock.token}`))
      .commit();
    if (!succeeded && !lock.lost.aborted && session.isLive) {
      findings.report(`${this.#name} holds ${lock.token}, and its key is gone`);
    }
    await sleep(ground, ms);
    this.#holders.leave(this.#name);
    await lock.release();
  }
}
