import { ByteBudget } from "../../base/byte_budget.ts";
import type { Clock, Stoppable } from "../../base/clock.ts";
import { GrpcCode, RpcError, rpcError } from "../errors.ts";

/** By when a message must be there that has begun, or that an answer waits for. */
export const BODY_MS = 60_000;
/** What the bodies that are being read may take, of all clients together. */
export const BODIES_BYTES_MAX = 268_435_456;

const PLATFORM: Pick<Clock, "after"> = {
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
};

/** What bounds all bodies that a server is reading: how long each may take, and their sum. */
export class BodyIntake {
  readonly clock: Pick<Clock, "after">;
  readonly budget: ByteBudget;

  constructor(clock: Pick<Clock, "after"> = PLATFORM, bytesMax: number = BODIES_BYTES_MAX) {
    this.clock = clock;
    this.budget = new ByteBudget(bytesMax);
  }

  /** What `whole` becomes, unless it takes too long. Nobody hears of it then. */
  inTime<T>(whole: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(BODY_MS, () => reject(rpcError("timed out")));
      whole.then(resolve, reject).finally(() => timer.stop());
    });
  }

  /** A body that is read in parts. */
  open(body: ReadableStream<Uint8Array> | null): BodySource {
    return new BodySource(body, this);
  }
}

/** One body, part by part. */
export class BodySource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly #intake: BodyIntake;
  #timer: Stoppable | null = null;
  #isLate = false;
  #heldBytes = 0;

  constructor(body: ReadableStream<Uint8Array> | null, intake: BodyIntake) {
    this.#reader = body?.getReader() ?? null;
    this.#intake = intake;
  }

  /** From now on something is waited for; the time runs until {@linkcode BodySource.release}. */
  hurry(): void {
    this.#timer ??= this.#intake.clock.after(BODY_MS, () => {
      this.#isLate = true;
      // A read that waits ends with this.
      this.cancel();
    });
  }

  /**
   * The next part, or null after the last.
   * @throws {RpcError} when the client breaks off or takes too long
   */
  async read(): Promise<Uint8Array | null> {
    let part: Uint8Array | undefined;
    try {
      part = (await this.#reader?.read())?.value;
    } catch (error) {
      // A body fails only when its client breaks off.
      throw rpcError("canceled", { cause: error });
    }
    if (this.#isLate) throw rpcError("timed out");
    return part ?? null;
  }

  /** Counts bytes that are kept until the rest is there. @throws {RpcError} when all is taken */
  hold(byteCount: number): void {
    const { budget } = this.#intake;
    this.#heldBytes += byteCount;
    budget.take(byteCount);
    if (!budget.isOverdrawn) return;
    this.release();
    throw new RpcError(GrpcCode.ResourceExhausted, "kvorum: too many requests are half read");
  }

  /** Nothing is kept or waited for any more. */
  release(): void {
    this.#timer?.stop();
    this.#timer = null;
    this.#intake.budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Stops reading; the rest of the body is of no interest. */
  async cancel(): Promise<void> {
    this.release();
    try {
      await this.#reader?.cancel();
    } catch {
      // The body has failed, so there is nothing left to stop.
    }
  }
}
