import type { Socket } from "./socket.ts";

/** What one read of the socket takes at most. */
const READ_BYTES = 262_144;

/** Reads a socket in pieces whose sizes the reader chooses. Only one read may be under way. */
export class SocketReader {
  readonly #socket: Socket;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** What was read and not taken is from here … */
  #start = 0;
  /** … to here. */
  #end = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The next `length` bytes, which belong to the caller. @throws {Error} when they end before. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let taken = 0; taken < length;) {
      if (this.#start === this.#end) await this.#fill();
      const part = this.#buffer.subarray(
        this.#start,
        Math.min(this.#end, this.#start + length - taken),
      );
      bytes.set(part, taken);
      taken += part.length;
      this.#start += part.length;
    }
    return bytes;
  }

  /** A line without its end, of at most `lengthMax` characters. @throws {Error} for a longer one. */
  async takeLine(lengthMax: number): Promise<string> {
    let line = "";
    for (;;) {
      const [byte] = await this.take(1);
      if (byte === 0x0a) return line.replace(/\r$/, "");
      if (line.length >= lengthMax) throw new Error(`a line is longer than ${lengthMax} bytes`);
      line += String.fromCharCode(byte);
    }
  }

  async #fill(): Promise<void> {
    const length = await this.#socket.read(this.#buffer);
    if (length === null) throw new Error("the connection was closed");
    this.#start = 0;
    this.#end = length;
  }
}
