import type { Answer } from "./sequence.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server that has not answered for so long will not. */
const ANSWER_MS_MAX = 20_000;

/** What stands for the answer of a server that gave none. */
export const NO_ANSWER: Answer = { status: 0, contentType: "", body: "" };

/** A request as it goes over the connection. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** The bytes of a request with its length in front. */
export function encodeRequest({ method, path, body }: RawRequest): Uint8Array<ArrayBuffer> {
  const content = encoder.encode(body);
  const head = encoder.encode(
    `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${content.length}\r\n\r\n`,
  );
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

/** Writes all of `bytes`. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Reads HTTP/1.1 responses off a connection, by line and by length. */
export class ResponseReader {
  readonly #connection: Deno.Conn;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(16_384);
  #start = 0;
  #end = 0;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Reads the head of a response: its status and its headers, names in lower case. */
  async head(): Promise<{ status: number; headers: Map<string, string> }> {
    const status = Number((await this.#line()).split(" ")[1]);
    const headers = new Map<string, string>();
    for (let line = await this.#line(); line !== ""; line = await this.#line()) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    return { status, headers };
  }

  /** Reads the whole body that goes with `headers`. */
  async body(headers: Map<string, string>): Promise<string> {
    if (headers.get("transfer-encoding") !== "chunked") {
      return await this.#text(Number(headers.get("content-length") ?? 0));
    }
    let body = "";
    for (let chunk = await this.chunk(); chunk !== null; chunk = await this.chunk()) body += chunk;
    return body;
  }

  /** Reads one chunk of a body in chunks, or null for the last one. */
  async chunk(): Promise<string | null> {
    const length = Number.parseInt(await this.#line(), 16);
    if (length > 0) {
      const text = await this.#text(length);
      await this.#line();
      return text;
    }
    // The trailer ends with an empty line.
    for (let line = await this.#line(); line !== "";) line = await this.#line();
    return null;
  }

  async #line(): Promise<string> {
    for (let from = this.#start;;) {
      const end = this.#buffer.subarray(0, this.#end).indexOf(0x0a, from);
      if (end >= 0) {
        const line = decoder.decode(this.#buffer.subarray(this.#start, end - 1));
        this.#start = end + 1;
        return line;
      }
      const scanned = this.#end - this.#start;
      await this.#fill();
      from = this.#start + scanned;
    }
  }

  async #text(length: number): Promise<string> {
    while (this.#end - this.#start < length) await this.#fill();
    const text = decoder.decode(this.#buffer.subarray(this.#start, this.#start + length));
    this.#start += length;
    return text;
  }

  async #fill(): Promise<void> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    const read = await this.#connection.read(this.#buffer.subarray(this.#end));
    if (read === null) throw new Deno.errors.ConnectionReset("The server closed the connection");
    this.#end += read;
  }
}

/**
 * A connection on which requests are sent without waiting for the answers before them. The server
 * still serves them one after the other, so that a sequence has one outcome.
 */
export class PipelinedConnection {
  readonly #url: URL;
  #connection: Deno.TcpConn | null = null;
  #reader: ResponseReader | null = null;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /**
   * Sends all requests and answers all answers, in order. A request over which the server closes
   * the connection has the answer {@linkcode NO_ANSWER}.
   */
  async exchange(requests: readonly RawRequest[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    while (answers.length < requests.length) {
      const answered = answers.length;
      await this.#exchangeUntilClosed(requests.slice(answered), answers);
      // Why: a server may close after an answer; then the rest goes over another connection.
      if (answers.length === answered) answers.push(NO_ANSWER);
    }
    return answers;
  }

  async #exchangeUntilClosed(requests: readonly RawRequest[], answers: Answer[]): Promise<void> {
    const { connection, reader } = await this.#open();
    const timer = setTimeout(() => this.close(), ANSWER_MS_MAX);
    const writing = writeAll(connection, concatenated(requests.map(encodeRequest)))
      .catch((error) => {
        if (!isClosed(error)) throw error;
      });
    let closes = false;
    try {
      for (let i = 0; i < requests.length && !closes; i++) {
        const { status, headers } = await reader.head();
        const body = await reader.body(headers);
        answers.push({ status, contentType: headers.get("content-type") ?? "", body });
        closes = headers.get("connection") === "close";
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
      closes = true;
    } finally {
      clearTimeout(timer);
      if (closes) this.close();
      await writing;
    }
  }

  async #open(): Promise<{ connection: Deno.TcpConn; reader: ResponseReader }> {
    if (this.#connection === null || this.#reader === null) {
      const { hostname, port } = this.#url;
      this.#connection = await Deno.connect({ hostname, port: Number(port) });
      this.#connection.setNoDelay(true);
      this.#reader = new ResponseReader(this.#connection);
    }
    return { connection: this.#connection, reader: this.#reader };
  }

  /** Closes the connection. The next exchange opens another. */
  close(): void {
    try {
      this.#connection?.close();
    } catch {
      // It is closed already.
    }
    this.#connection = null;
    this.#reader = null;
  }
}

/** Whether a connection was closed, by whatever side. */
export function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
