import type { ByteWriter } from "../base/byte_writer.ts";
import { decode, encode } from "../proto/codec.ts";
import { writeCallHead } from "../proto/multiplex/frame.ts";
import { KvorumError } from "./errors.ts";
import type { ClientMethod } from "./methods.ts";

/** A call with more time than this has no deadline that is worth telling. */
const DEADLINE_MAX_MS = 86_400_000;

/** A call whose answer is awaited. It is one object for all its attempts. */
export class PendingCall {
  readonly id: number;
  readonly method: ClientMethod<object, object>;
  readonly #request: object;
  readonly #toResult: (response: object) => unknown;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;
  /** By when it must have been answered, on the client's clock. */
  readonly deadlineAtMs: number;
  /** Which of the client's writes it is; zero until it is sent, and for what is no write. */
  sequence = 0;
  /** Whether it has been sent at all: what was never sent did not happen. */
  wasSent = false;
  /** The bytes that it takes of the server's limit, while it is on the present connection. */
  byteLength = 0;
  /** How often a server has refused it for the moment. */
  refusals = 0;
  /** Stops listening to the caller's signal. */
  forgetSignal: (() => void) | null = null;

  constructor(
    id: number,
    method: ClientMethod<object, object>,
    request: object,
    toResult: (response: object) => unknown,
    deadlineAtMs: number,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.id = id;
    this.method = method;
    this.#request = request;
    this.#toResult = toResult;
    this.deadlineAtMs = deadlineAtMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Appends the call to a frame, with the time that is left for it. */
  write(writer: ByteWriter, nowMs: number): void {
    const before = writer.length;
    const leftMs = Math.max(1, Math.ceil(this.deadlineAtMs - nowMs));
    const deadlineMs = leftMs > DEADLINE_MAX_MS ? 0 : leftMs;
    writeCallHead(this.id, this.method.number, this.sequence, deadlineMs, false, writer);
    const start = writer.beginPart();
    encode(this.method.request, this.#request, writer);
    writer.endPart(start);
    this.byteLength = writer.length - before;
  }

  /** The answer came. */
  answer(body: Uint8Array): void {
    this.forgetSignal?.();
    try {
      this.#resolve(this.#toResult(decode(this.method.response, body)));
    } catch (error) {
      this.#reject(new KvorumError("INTERNAL", "the answer is malformed", { cause: error }));
    }
  }

  /** It failed for good. */
  fail(error: unknown): void {
    this.forgetSignal?.();
    this.#reject(error);
  }
}
