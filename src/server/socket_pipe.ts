import type { BytePipe } from "../http2/byte_pipe.ts";
import { type Socket, writeAll } from "./socket.ts";

/** What one read takes at most. */
const READ_BYTES = 65_536;

/** A socket as a pipe, some of whose bytes have been read already. */
export class SocketPipe implements BytePipe {
  readonly #socket: Socket;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #first: Uint8Array | null;
  #isClosed = false;

  /** @param first What was read from the socket to find out what is spoken on it. */
  constructor(socket: Socket, first: Uint8Array) {
    this.#socket = socket;
    this.#first = first;
  }

  async read(): Promise<Uint8Array | null> {
    const first = this.#first;
    this.#first = null;
    if (first !== null) return first;
    try {
      const length = await this.#socket.read(this.#buffer);
      return length === null ? null : this.#buffer.slice(0, length);
    } catch (error) {
      if (this.#isClosed) return null;
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.#socket, bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}
