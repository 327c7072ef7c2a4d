/** The data of a request as a stream of the Web: read as fast as it is asked for, and no faster. */
export class RequestBody {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #onRead: (bytes: number) => void;
  readonly #parts: Uint8Array[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isEnded = false;
  #isAbandoned = false;
  /** Goes on with a read that found nothing. */
  #onMore: (() => void) | null = null;

  /** @param onRead Is told how much was read or thrown away, so that as much again may come. */
  constructor(onRead: (bytes: number) => void) {
    this.#onRead = onRead;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.abandon(),
    }, { highWaterMark: 0 });
  }

  /** Whether nothing waits to be read. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  #pull(): Promise<void> | void {
    if (this.#parts.length > 0 || this.#isEnded) return this.#next();
    return new Promise((resolve) =>
      this.#onMore = () => {
        this.#onMore = null;
        this.#next();
        resolve();
      }
    );
  }

  #next(): void {
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#controller?.enqueue(part);
      this.#onRead(part.length);
    } else this.#close();
  }

  #close(): void {
    this.#controller?.close();
    this.#controller = null;
  }

  /** Takes a part that arrived. */
  add(bytes: Uint8Array): void {
    if (this.#isAbandoned) {
      this.#onRead(bytes.length);
      return;
    }
    this.#parts.push(bytes);
    this.#onMore?.();
  }

  /** No more will arrive. */
  end(): void {
    this.#isEnded = true;
    this.#onMore?.();
  }

  /** The rest will never arrive. */
  fail(reason: Error): void {
    this.#isEnded = true;
    this.#parts.length = 0;
    this.#controller?.error(reason);
    this.#controller = null;
    this.#onMore?.();
  }

  /** Nobody reads any further: what still comes is thrown away. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#controller = null;
    this.#onMore?.();
    let byteCount = 0;
    for (const part of this.#parts) byteCount += part.length;
    this.#parts.length = 0;
    if (byteCount > 0) this.#onRead(byteCount);
  }
}
