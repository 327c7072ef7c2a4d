import { Flag, FrameType, PREFACE, readUint31, readUint32 } from "../../src/http2/frame.ts";
import { finishHeaders, FRAME_HEADER_BYTES, writeFrameHeader } from "../../src/http2/frame.ts";
import {
  writePing,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from "../../src/http2/frame.ts";
import { FrameSplitter } from "../../src/http2/frame_splitter.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { HeaderField } from "../../src/http2/hpack/header_field.ts";
import { OutputBuffer } from "../../src/http2/output_buffer.ts";
import { DEFAULT_WINDOW_BYTES, SettingId } from "../../src/http2/settings.ts";
import type { LoadResult } from "./http_load.ts";

const WINDOW_BYTES = 0x7fff_ffff;
/** So much is received before the server gets its window back. */
const RETURNED_BYTES = 0x1000_0000;

/** Takes a call's status, or -1 if the call was cut off. */
type Done = (status: number) => void;

interface PendingCall {
  readonly message: Uint8Array;
  readonly done: Done;
}

/**
 * One HTTP/2 connection that makes unary calls of one method, as many at a time as it is asked for.
 * It is no client for programs: answers are counted and thrown away.
 */
export class GrpcLoadConnection {
  readonly #socket: Deno.TcpConn;
  readonly #fields: readonly HeaderField[];
  readonly #out = new OutputBuffer();
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(1_048_576);
  readonly #splitter: FrameSplitter;
  readonly #calls = new Map<number, Done>();
  /** Calls for which the connection's window has no room yet. */
  readonly #pending: PendingCall[] = [];
  #windowBytes = DEFAULT_WINDOW_BYTES;
  #receivedBytes = 0;
  #nextId = 1;
  #isWriting = false;
  #isFlushDue = false;
  #isClosed = false;
  readonly #reading: Promise<void>;

  private constructor(socket: Deno.TcpConn, path: string, authority: string) {
    this.#socket = socket;
    socket.setNoDelay(true);
    const fields = [[":method", "POST"], [":scheme", "http"], [":path", path]];
    fields.push([":authority", authority], ["content-type", "application/grpc"], [
      "te",
      "trailers",
    ]);
    this.#fields = fields.map(([name, value]) => new HeaderField(name, value));
    this.#splitter = new FrameSplitter(16_384, (type, flags, id, bytes, start, end) => {
      this.#onFrame(type, flags, id, bytes, start, end);
      return true;
    });
    this.#out.latin1(PREFACE);
    writeSettings(this.#out, [[SettingId.INITIAL_WINDOW_SIZE, WINDOW_BYTES]]);
    writeWindowUpdate(this.#out, 0, WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.#reading = this.#read();
  }

  /** Connects to `host:port`. */
  static async connect(address: string, path: string): Promise<GrpcLoadConnection> {
    const { hostname, port } = new URL(`http://${address}`);
    const socket = await Deno.connect({ hostname, port: Number(port) });
    return new GrpcLoadConnection(socket, path, address);
  }

  /**
   * Makes one call.
   *
   * @throws {RangeError} If the message does not fit into a stream's first window.
   */
  call(message: Uint8Array, done: Done): void {
    if (message.length > 16_000) throw new RangeError("the load generator sends small messages");
    this.#pending.push({ message, done });
    this.#sendPending();
  }

  #sendPending(): void {
    while (this.#pending.length > 0 && !this.#isClosed) {
      const { message, done } = this.#pending[0];
      const byteCount = message.length + 5;
      if (byteCount > this.#windowBytes) return;
      this.#pending.shift();
      this.#windowBytes -= byteCount;
      const id = this.#nextId;
      this.#nextId += 2;
      this.#calls.set(id, done);
      const out = this.#out;
      const start = out.length;
      out.reserve(FRAME_HEADER_BYTES);
      out.length += FRAME_HEADER_BYTES;
      this.#encoder.encode(this.#fields, out);
      finishHeaders(out, start, id, false, 16_384);
      writeFrameHeader(out, byteCount, FrameType.DATA, Flag.END_STREAM, id);
      out.byte(0);
      out.uint32(message.length);
      out.raw(message);
    }
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#isWriting || this.#isClosed) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#out.length > 0 && !this.#isClosed) {
      const bytes = this.#out.take();
      try {
        for (let sent = 0; sent < bytes.length;) {
          sent += await this.#socket.write(bytes.subarray(sent));
        }
      } catch {
        // The reader sees that the socket is gone, and tells the callers.
        return;
      }
      this.#out.giveBack(bytes);
    }
    this.#isWriting = false;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await this.#socket.read(buffer);
        if (length === null) break;
        this.#splitter.receive(buffer.slice(0, length));
        this.#flushSoon();
      }
    } catch (error) {
      if (!this.#isClosed && !(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    this.#isClosed = true;
    for (const done of this.#calls.values()) done(-1);
    for (const { done } of this.#pending) done(-1);
  }

  #onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (type === FrameType.HEADERS) this.#onHeaders(flags, id, bytes, start, end);
    else if (type === FrameType.DATA) this.#onData(end - start);
    else if (type === FrameType.RST_STREAM) this.#finish(id, -1);
    else if (type === FrameType.SETTINGS && (flags & Flag.ACK) === 0) writeSettingsAck(this.#out);
    else if (type === FrameType.PING && (flags & Flag.ACK) === 0) {
      writePing(this.#out, bytes.subarray(start, end), true);
    } else if (type === FrameType.WINDOW_UPDATE && id === 0) {
      this.#windowBytes += readUint31(bytes, start);
      this.#sendPending();
    } else if (type === FrameType.GOAWAY && readUint32(bytes, start + 4) !== 0) {
      throw new Error("the server ends the connection: it says that we break a rule");
    }
  }

  #onHeaders(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    const { fields } = this.#decoder.decode(bytes, start, end);
    if ((flags & Flag.END_STREAM) === 0) return;
    const status = fields.find(({ name }) => name === "grpc-status")?.value;
    this.#finish(id, Number(status ?? -1));
  }

  #onData(byteCount: number): void {
    this.#receivedBytes += byteCount;
    if (this.#receivedBytes < RETURNED_BYTES) return;
    writeWindowUpdate(this.#out, 0, this.#receivedBytes);
    this.#receivedBytes = 0;
  }

  #finish(id: number, status: number): void {
    const done = this.#calls.get(id);
    this.#calls.delete(id);
    done?.(status);
  }

  /** Hangs up. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#socket.close();
    }
    await this.#reading;
  }
}

/** What a run of load consists of. */
export interface GrpcLoad {
  /** The full method, as in `/etcdserverpb.KV/Put`. */
  readonly path: string;
  /** Each client makes its next call when the last one is answered. */
  readonly clients: number;
  /** The clients share so many connections. */
  readonly connections: number;
  /** How long calls are counted; a fifth more goes before, to warm up. */
  readonly durationMs: number;
  /** The message of the next call, not longer than 16,000 bytes. */
  nextMessage(): Uint8Array;
}

/** Makes unary calls at `addresses` (each `host:port`) and measures them. */
export async function grpcLoad(addresses: readonly string[], load: GrpcLoad): Promise<LoadResult> {
  const { path, clients, connections, durationMs } = load;
  const open = await Promise.all(
    Array.from(
      { length: connections },
      (_, i) => GrpcLoadConnection.connect(addresses[i % addresses.length], path),
    ),
  );
  const latencies: number[] = [];
  let failures = 0;
  const startMs = performance.now() + durationMs / 5;
  const endMs = startMs + durationMs;
  await Promise.all(Array.from({ length: clients }, (_, i) =>
    new Promise<void>((resolve) => {
      let sentMs = 0;
      const next = (): void => {
        sentMs = performance.now();
        open[i % connections].call(load.nextMessage(), onDone);
      };
      const onDone = (status: number): void => {
        const nowMs = performance.now();
        if (status !== 0) failures++;
        else if (sentMs >= startMs) latencies.push(nowMs - sentMs);
        // A client that was cut off has nobody left to ask.
        if (nowMs < endMs && status !== -1) next();
        else resolve();
      };
      next();
    })));
  await Promise.all(open.map((each) => each.close()));
  latencies.sort((a, b) => a - b);
  const at = (part: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return {
    perSecond: latencies.length / durationMs * 1_000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    failures,
  };
}
