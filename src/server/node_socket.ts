import type { Socket as NetSocket } from "node:net";
import type { Socket } from "./socket.ts";

/** A connection of Node's, mostly one with TLS. */
export class NodeSocket implements Socket {
  readonly #socket: NetSocket;
  /** What was read and did not fit. */
  #rest: Uint8Array | null = null;
  #failure: Error | null = null;
  #hasEnded = false;
  #wake: (() => void) | null = null;

  constructor(socket: NetSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("readable", () => this.#wakeUp());
    socket.on("end", () => this.#end(null));
    socket.on("close", () => this.#end(null));
    socket.on("error", (error: Error) => this.#end(error));
  }

  #end(failure: Error | null): void {
    this.#hasEnded = true;
    this.#failure ??= failure;
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk: Uint8Array | null = this.#rest ?? this.#socket.read();
      if (chunk !== null) {
        const length = Math.min(chunk.length, buffer.length);
        buffer.set(chunk.subarray(0, length));
        this.#rest = length < chunk.length ? chunk.subarray(length) : null;
        return length;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}
