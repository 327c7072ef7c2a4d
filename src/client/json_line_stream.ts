import { fromJson } from "../proto/json.ts";
import type { MessageSchema } from "../proto/schema.ts";
import { KvorumError, refusal } from "./errors.ts";
import type { ClientStream } from "./transport.ts";

interface Line {
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string };
}

/**
 * A stream whose messages come as lines of JSON in a response's body. Back-pressure is the body's:
 * what nobody asks for is not read.
 */
export class JsonLineStream<A extends object> implements ClientStream<A> {
  readonly #schema: MessageSchema<A>;
  readonly #cancelling = new AbortController();
  readonly #request: (signal: AbortSignal) => Promise<Response>;
  #reader: ReadableStreamDefaultReader<string> | null = null;
  #lines: string[] = [];
  #rest = "";

  constructor(
    schema: MessageSchema<A>,
    request: (signal: AbortSignal) => Promise<Response>,
  ) {
    this.#schema = schema;
    this.#request = request;
  }

  async next(): Promise<A | null> {
    try {
      this.#reader ??= await this.#start();
      while (this.#lines.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) return null;
        const lines = (this.#rest + value).split("\n");
        this.#rest = lines.pop() as string;
        this.#lines = lines;
      }
      return this.#message(JSON.parse(this.#lines.shift() as string));
    } catch (error) {
      if (this.#cancelling.signal.aborted) return null;
      if (error instanceof KvorumError) throw error;
      throw new KvorumError("UNAVAILABLE", String(error), { retryable: true, cause: error });
    }
  }

  cancel(): void {
    this.#cancelling.abort();
  }

  async #start(): Promise<ReadableStreamDefaultReader<string>> {
    const response = await this.#request(this.#cancelling.signal);
    if (!response.ok || response.body === null) {
      const { code, message } = await response.json();
      throw refusal(code ?? 2, message ?? "refused");
    }
    return response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  #message({ result, error }: Line): A {
    if (error === undefined) return fromJson(this.#schema, result);
    throw refusal(error.code ?? 2, error.message ?? "refused");
  }
}
