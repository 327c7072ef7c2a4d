import { type RpcError, toRpcError } from "../errors.ts";
import type { OpenedStream } from "./methods.ts";

/** Where a stream's messages go. */
export interface StreamOutput {
  /** Sends a message. @returns the bytes that it took */
  message(response: object): number;
  /** The stream is over: by itself, or with a reason. */
  ended(failure: RpcError | null): void;
}

/**
 * One stream on a connection. It pulls what the service says as long as the client has given credit:
 * what is not pulled stays where it came from, in a bounded queue or in history.
 */
export class ServedStream {
  readonly #stream: OpenedStream;
  /** Bytes that may still be sent; the last message may take it below zero. */
  #creditBytes: number;
  #wake: (() => void) | null = null;
  #isCancelled = false;

  constructor(stream: OpenedStream, creditBytes: number) {
    this.#stream = stream;
    this.#creditBytes = creditBytes;
  }

  /** Serves the stream to its end. The promise never rejects. */
  async run(output: StreamOutput): Promise<void> {
    let failure: RpcError | null = null;
    try {
      await this.#credited();
      for await (const response of this.#stream.responses) {
        if (this.#isCancelled) break;
        this.#creditBytes -= output.message(response);
        await this.#credited();
      }
    } catch (thrown) {
      failure = toRpcError(thrown);
    }
    this.#stream.cancel();
    if (!this.#isCancelled) output.ended(failure);
  }

  /** Takes a further message of the client. @throws {RpcError} */
  receive(body: Uint8Array): void {
    this.#stream.receive(body);
  }

  /** Lets it send so many more bytes. */
  grant(bytes: number): void {
    this.#creditBytes = Math.min(this.#creditBytes + bytes, Number.MAX_SAFE_INTEGER);
    if (this.#creditBytes > 0) this.#wakeUp();
  }

  /** Ends it: the client does not want to hear more, or has gone. */
  cancel(): void {
    this.#isCancelled = true;
    this.#stream.cancel();
    this.#wakeUp();
  }

  async #credited(): Promise<void> {
    while (this.#creditBytes <= 0 && !this.#isCancelled) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
