import { JSON_BODY_BYTES_MAX, messageTooLarge } from "./body.ts";
import type { BodyIntake, BodySource } from "./body_intake.ts";
import { JsonScanner } from "./json_scanner.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The JSON values in a body that hold one message each, one after the other, as they arrive. */
export class JsonMessages {
  readonly #source: BodySource;
  readonly #scanner = new JsonScanner();
  /** The parts of the value under way that came in earlier chunks. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #chunk: Uint8Array = new Uint8Array(0);

  /** Reads `body`; null is an empty one. The time for the first value begins now. */
  constructor(body: ReadableStream<Uint8Array> | null, intake: BodyIntake) {
    this.#source = intake.open(body);
    this.#source.hurry();
  }

  /**
   * The text of the next value, or null when the body has ended.
   * @throws {JsonSyntaxError} when the body is no JSON
   * @throws {RpcError} when the value is larger than a message may be, or is not whole in time
   */
  async next(): Promise<string | null> {
    try {
      return await this.#next();
    } catch (error) {
      this.#source.release();
      throw error;
    }
  }

  async #next(): Promise<string | null> {
    while (true) {
      const end = this.#scanner.scan(this.#chunk, 0);
      if (end !== -1) return this.#take(end);
      this.#keep();
      const part = await this.#source.read();
      if (part === null) {
        this.#chunk = new Uint8Array(0);
        return this.#scanner.end() ? this.#take(0) : this.#end();
      }
      this.#chunk = part;
    }
  }

  /** Stops reading; the rest of the body is of no interest. */
  cancel(): Promise<void> {
    return this.#source.cancel();
  }

  #end(): null {
    this.#source.release();
    return null;
  }

  #keep(): void {
    if (!this.#scanner.inValue) return;
    this.#source.hurry();
    this.#source.hold(this.#chunk.length);
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
    this.#source.release();
    return text;
  }
}
