import { concatBytes, EMPTY_BYTES } from "../../src/base/bytes.ts";
import type { BytePipe } from "../../src/http2/byte_pipe.ts";
import type { Http2Event } from "../../src/http2/event.ts";
import { Flag, FrameType, PREFACE, writeFrameHeader } from "../../src/http2/frame.ts";
import { FrameSplitter } from "../../src/http2/frame_splitter.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { HeaderField } from "../../src/http2/hpack/header_field.ts";
import type { Http2Limits } from "../../src/http2/limits.ts";
import { OutputBuffer } from "../../src/http2/output_buffer.ts";
import {
  type Http2Options,
  type Http2Served,
  serveHttp2Connection,
} from "../../src/http2/serve.ts";
import { ManualClock } from "../transport/manual_clock.ts";

/** Time stands still until a test moves it; turns end by themselves. */
export class TurningClock extends ManualClock {
  override defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}

/** A frame as the client sees it. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Uint8Array;
  /** The fields of a header block that this frame ends, as lines. */
  readonly fields: string[];
}

/** The server's end of a socket in memory. */
export class MemoryPipe implements BytePipe {
  readonly #incoming: (Uint8Array | null)[] = [];
  #onIncoming: (() => void) | null = null;
  #isClosed = false;
  /** While this is set the socket takes nothing: each write waits for it. */
  stalled: Promise<void> | null = null;
  /** How many writes there were. */
  writes = 0;
  readonly #onWrite: (bytes: Uint8Array) => void;
  readonly #onClose: () => void;

  constructor(onWrite: (bytes: Uint8Array) => void, onClose: () => void) {
    this.#onWrite = onWrite;
    this.#onClose = onClose;
  }

  /** How many pushed chunks the server has not read. */
  get unread(): number {
    return this.#incoming.length;
  }

  push(bytes: Uint8Array | null): void {
    this.#incoming.push(bytes);
    this.#onIncoming?.();
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#incoming.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#onIncoming = resolve);
    }
    return this.#isClosed ? null : this.#incoming.shift() ?? null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    await this.stalled;
    if (this.#isClosed) throw new Error("The socket is closed");
    this.#onWrite(bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onIncoming?.();
    this.#onClose();
  }
}

/** What a test may leave out. */
export type ServerOptions = Partial<Omit<Http2Options, "limits">> & {
  limits?: Partial<Http2Limits>;
};

/** A client that speaks in frames, so that it can also say what no client should. */
export class RawClient implements AsyncDisposable {
  readonly clock: TurningClock = new TurningClock();
  readonly pipe: MemoryPipe;
  readonly served: Http2Served;
  readonly events: Http2Event[] = [];
  readonly #frames: Frame[] = [];
  #onFrame: (() => void) | null = null;
  #isClosed = false;
  readonly encoder: HpackEncoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(1_000_000);
  #block: Uint8Array = EMPTY_BYTES;

  constructor(options: ServerOptions = {}) {
    const splitter = new FrameSplitter(16_777_215, (type, flags, id, bytes, start, end) => {
      const payload = bytes.slice(start, end);
      const fields = this.#fields(type, flags, payload);
      this.#frames.push({ type, flags, id, payload, fields });
      this.#onFrame?.();
      return true;
    });
    this.pipe = new MemoryPipe((bytes) => splitter.receive(bytes.slice()), () => {
      this.#isClosed = true;
      this.#onFrame?.();
    });
    this.served = serveHttp2Connection(this.pipe, {
      grpc: () => null,
      fetch: () => new Response("ok"),
      clock: this.clock,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  #fields(type: number, flags: number, payload: Uint8Array): string[] {
    if (type !== FrameType.HEADERS && type !== FrameType.CONTINUATION) return [];
    this.#block = concatBytes([this.#block, payload]);
    if ((flags & Flag.END_HEADERS) === 0) return [];
    const { fields } = this.#decoder.decode(this.#block, 0, this.#block.length);
    this.#block = EMPTY_BYTES;
    return fields.map(({ name, value }) => `${name}: ${value}`);
  }

  /** A client that has exchanged settings and seen the server's window. */
  static async open(options: ServerOptions = {}): Promise<RawClient> {
    const client = new RawClient(options);
    client.send(ascii(PREFACE));
    client.frame(FrameType.SETTINGS, 0, 0);
    const types = [await client.next(), await client.next(), await client.next()];
    const expected = [FrameType.SETTINGS, FrameType.WINDOW_UPDATE, FrameType.SETTINGS];
    if (types.some((frame, i) => frame?.type !== expected[i])) throw new Error("no greeting");
    return client;
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.pipe.push(bytes);
  }

  /** Sends one frame. */
  frame(type: number, flags: number, id: number, payload: Uint8Array = EMPTY_BYTES): void {
    this.send(frameBytes(type, flags, id, payload));
  }

  /** A header block in the connection's own coding. */
  block(fields: readonly (readonly [string, string])[]): Uint8Array {
    const out = new OutputBuffer();
    this.encoder.encode(fields.map(([name, value]) => new HeaderField(name, value)), out);
    return out.bytes.slice(0, out.length);
  }

  /** Sends HEADERS. */
  headers(id: number, fields: readonly (readonly [string, string])[], endStream: boolean): void {
    const flags = Flag.END_HEADERS | (endStream ? Flag.END_STREAM : 0);
    this.frame(FrameType.HEADERS, flags, id, this.block(fields));
  }

  /** Sends DATA. */
  data(id: number, payload: Uint8Array, endStream: boolean): void {
    this.frame(FrameType.DATA, endStream ? Flag.END_STREAM : 0, id, payload);
  }

  /** Gives the server more window, for a stream or with 0 for the connection. */
  widen(id: number, bytes: number): void {
    this.frame(FrameType.WINDOW_UPDATE, 0, id, uint32(bytes));
  }

  /** The server's next frame, or `null` when it has closed the socket. */
  async next(): Promise<Frame | null> {
    while (this.#frames.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#onFrame = resolve);
    }
    return this.#frames.shift() ?? null;
  }

  /** The next frame of a type; those before it are dropped. */
  async nextOf(type: number): Promise<Frame> {
    for (let frame = await this.next(); frame !== null; frame = await this.next()) {
      if (frame.type === type) return frame;
    }
    throw new Error(`The server has closed the socket without a frame of type ${type}`);
  }

  /** All frames up to the answer to a ping: what the server has to say now. */
  async settled(): Promise<Frame[]> {
    this.frame(FrameType.PING, 0, 0, PING);
    const frames: Frame[] = [];
    for (let frame = await this.next(); frame !== null; frame = await this.next()) {
      if (frame.type === FrameType.PING && (frame.flags & Flag.ACK) !== 0) return frames;
      frames.push(frame);
    }
    return frames;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pipe.push(null);
    await this.served.closed;
    if (this.clock.timers !== 0) throw new Error("A timer outlives its connection");
  }
}

const PING = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

/** The fields of a plain request. */
export const GET: readonly (readonly [string, string])[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "kvorum.test"],
];

/** The fields of a request with data. */
export const POST: readonly (readonly [string, string])[] = [[":method", "POST"], ...GET.slice(1)];

/** The bytes of one frame. */
export function frameBytes(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = EMPTY_BYTES,
): Uint8Array {
  const out = new OutputBuffer();
  writeFrameHeader(out, payload.length, type, flags, id);
  out.raw(payload);
  return out.bytes.slice(0, out.length);
}

/** Four bytes, the highest first. */
export function uint32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

/** One setting. */
export function setting(id: number, value: number): Uint8Array {
  return new Uint8Array([id >>> 8, id, ...uint32(value)]);
}

/** The bytes of ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** What GOAWAY says: the last stream, the code and the reason. */
export function goaway({ payload }: Frame): { last: number; code: number; reason: string } {
  const view = new DataView(payload.buffer);
  const reason = String.fromCharCode(...payload.subarray(8));
  return { last: view.getUint32(0), code: view.getUint32(4), reason };
}

/** The code of RST_STREAM. */
export function resetCode({ payload }: Frame): number {
  return new DataView(payload.buffer).getUint32(0);
}
