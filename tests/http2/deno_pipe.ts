import type { BytePipe } from "../../src/http2/byte_pipe.ts";

const READ_BYTES = 65_536;

/** A socket of Deno's as a pipe. */
export class DenoPipe implements BytePipe {
  readonly #socket: Deno.Conn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #isClosed = false;

  constructor(socket: Deno.TcpConn | Deno.TlsConn) {
    this.#socket = socket;
    if ("setNoDelay" in socket) socket.setNoDelay(true);
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const length = await this.#socket.read(this.#buffer);
      return length === null ? null : this.#buffer.slice(0, length);
    } catch (error) {
      if (this.#isClosed) return null;
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    let sent = await this.#socket.write(bytes);
    while (sent < bytes.length) sent += await this.#socket.write(bytes.subarray(sent));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}
