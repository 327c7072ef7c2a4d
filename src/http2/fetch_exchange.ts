import { ErrorCode } from "./error_code.ts";
import { HeaderField } from "./hpack/header_field.ts";
import type { CallContext } from "./grpc/call_state.ts";
import type { Expiring } from "./grpc/deadlines.ts";
import { RequestBody } from "./request_body.ts";
import type { RequestHead } from "./request_head.ts";
import { DEFAULT_WINDOW_BYTES } from "./settings.ts";
import type { Stream, StreamConsumer } from "./stream.ts";

/** Answers a request, as with HTTP/1.1. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Fields that speak about an HTTP/1.1 connection. Ref: RFC 9113 §8.2.2. */
const OF_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** A request that is not gRPC, answered by a fetch handler. */
export class FetchExchange implements StreamConsumer, Expiring {
  readonly #stream: Stream;
  readonly #head: RequestHead;
  readonly #body: RequestBody;
  readonly #handler: FetchHandler;
  readonly #context: CallContext;
  /** When a small body must be whole. */
  readonly deadlineMs: number;
  readonly #abort = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #isRunning = false;
  #onRoom: (() => void) | null = null;

  constructor(stream: Stream, head: RequestHead, handler: FetchHandler, context: CallContext) {
    this.#handler = handler;
    this.#stream = stream;
    this.#head = head;
    this.#context = context;
    this.deadlineMs = context.clock.nowMs() + context.unfinishedMs;
    this.#body = new RequestBody((byteCount) => stream.credit(byteCount));
  }

  /**
   * Asks the handler when the request is whole, or at once if its body is not known to be small. Why:
   * handlers leave small bodies to the platform, which does not count what it has read of them.
   */
  begin(): void {
    if (this.#stream.isRemoteEnded || !this.#mayHaveBody) return;
    const { contentBytes } = this.#head;
    if (contentBytes < 0 || contentBytes > DEFAULT_WINDOW_BYTES) this.#run();
    else this.#context.deadlines.add(this);
  }

  onDeadline(): void {
    this.#refuse(408);
    this.#stream.releaseHandler();
  }

  get #mayHaveBody(): boolean {
    const { method } = this.#head;
    return method !== "GET" && method !== "HEAD";
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#context.deadlines.delete(this);
    try {
      const request = this.#request();
      if (request === null) this.#refuse(this.#head.method === "CONNECT" ? 501 : 400);
      else await this.#answer(await this.#handler(request));
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.#tell(error);
        if (this.#reader === null) this.#refuse(500);
        else this.#stream.reset(ErrorCode.INTERNAL_ERROR);
      }
    }
    this.#body.abandon();
    this.#stream.releaseHandler();
  }

  #request(): Request | null {
    const { method, scheme, authority, path } = this.#head;
    if (scheme !== "http" && scheme !== "https") return null;
    const hasBody = this.#mayHaveBody && !(this.#stream.isRemoteEnded && this.#body.isEmpty);
    const init: RequestInit & { duplex: "half" } = {
      method,
      headers: this.#requestHeaders(),
      signal: this.#abort.signal,
      body: hasBody ? this.#body.readable : null,
      duplex: "half",
    };
    try {
      return new Request(`${scheme}://${authority || "localhost"}${path}`, init);
    } catch (error) {
      // The platform refuses some methods, and addresses that are none.
      if (error instanceof TypeError) return null;
      throw error;
    }
  }

  #requestHeaders(): Headers {
    const headers = new Headers();
    const cookies: string[] = [];
    for (const { name, value } of this.#head.fields) {
      // A client may cut its cookies into several fields. Ref: RFC 9113 §8.2.3.
      if (name === "cookie") cookies.push(value);
      else headers.append(name, value);
    }
    if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
    if (this.#head.authority !== "") headers.set("host", this.#head.authority);
    return headers;
  }

  async #answer(response: Response): Promise<void> {
    const fields = [new HeaderField(":status", String(response.status))];
    for (const [name, value] of response.headers) {
      if (!OF_CONNECTION.has(name)) fields.push(new HeaderField(name, value));
    }
    const { body } = response;
    if (body === null || this.#head.method === "HEAD" || this.#abort.signal.aborted) {
      this.#stream.sendHeaders(fields, true);
      await body?.cancel();
      return;
    }
    this.#stream.sendHeaders(fields, false);
    this.#reader = body.getReader();
    await this.#sendBody(this.#reader);
  }

  async #sendBody(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#abort.signal.aborted) break;
      this.#stream.sendData(value);
      if (this.#isFull) await new Promise<void>((resolve) => this.#onRoom = resolve);
    }
    this.#stream.end(null);
  }

  #tell(error: unknown): void {
    this.#context.onEvent({ kind: "handler_error", path: this.#head.path, error });
  }

  get #isFull(): boolean {
    const { queuedBytes, isClosed } = this.#stream;
    return queuedBytes >= this.#context.streamQueueBytesMax && !isClosed;
  }

  #refuse(status: number): void {
    this.#stream.sendHeaders([new HeaderField(":status", String(status))], true);
  }

  onData(bytes: Uint8Array): void {
    this.#body.add(bytes);
  }

  onEnd(): void {
    this.#body.end();
    if (!this.#isRunning) this.#run();
  }

  onAbort(_code: ErrorCode, reason: string): void {
    if (!this.#isRunning) {
      this.#context.deadlines.delete(this);
      this.#stream.releaseHandler();
    }
    const error = new DOMException(reason, "AbortError");
    this.#body.fail(error);
    this.#abort.abort(error);
    this.#reader?.cancel(error).catch((failure) => {
      // An answer made from the request's own data fails as that does.
      if (failure !== error) this.#tell(failure);
    });
    this.#onRoom?.();
  }

  onDrained(): void {
    if (this.#onRoom === null || this.#isFull) return;
    this.#onRoom();
    this.#onRoom = null;
  }
}
