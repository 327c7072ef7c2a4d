import { JSON_BODY_BYTES_MAX, messageTooLarge } from "./body.ts";
import { rpcError } from "../errors.ts";
import { JsonScanner } from "./json_scanner.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The JSON values in a body that hold one message each, one after the other, as they arrive. */
export class JsonMessages {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly #scanner = new JsonScanner();
  /** The parts of the value under way that came in earlier chunks. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #chunk: Uint8Array = new Uint8Array(0);

  /** Reads `body`; null is an empty one. */
  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader() ?? null;
  }

  /**
   * The text of the next value, or null when the body has ended.
   * @throws {JsonSyntaxError} when the body is no JSON
   * @throws {RpcError} when the value is larger than a message may be
   */
  async next(): Promise<string | null> {
    while (true) {
      const end = this.#scanner.scan(this.#chunk, 0);
      if (end !== -1) return this.#take(end);
      this.#keep();
      const read = await this.#read();
      if (read === undefined || read.done) {
        this.#chunk = new Uint8Array(0);
        return this.#scanner.end() ? this.#take(0) : null;
      }
      this.#chunk = read.value;
    }
  }

  /** Stops reading; the rest of the body is of no interest. */
  async cancel(): Promise<void> {
    try {
      await this.#reader?.cancel();
    } catch {
      // The body has failed, so there is nothing left to stop.
    }
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array> | undefined> {
    try {
      return await this.#reader?.read();
    } catch (error) {
      // A body fails only when its client breaks off.
      throw rpcError("canceled", { cause: error });
    }
  }

  #keep(): void {
    if (!this.#scanner.inValue) return;
    this.#parts.push(this.#chunk);
    this.#partBytes += this.#chunk.length;
    if (this.#partBytes > JSON_BODY_BYTES_MAX) throw messageTooLarge(this.#partBytes);
  }

  #take(end: number): string {
    let text = "";
    for (const part of this.#parts) text += decoder.decode(part, { stream: true });
    text += decoder.decode(this.#chunk.subarray(0, end));
    this.#chunk = this.#chunk.subarray(end);
    this.#parts = [];
    this.#partBytes = 0;
    return text;
  }
}
