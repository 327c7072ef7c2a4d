// Bytes of all kinds: whatever comes, the connection answers in frames or ends, and never throws.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteBudget } from "../../src/base/byte_budget.ts";
import { concatBytes } from "../../src/base/bytes.ts";
import { Http2Connection } from "../../src/http2/connection.ts";
import { Flag, FrameType, PREFACE } from "../../src/http2/frame.ts";
import { FrameSplitter } from "../../src/http2/frame_splitter.ts";
import type { CallContext } from "../../src/http2/grpc/call_state.ts";
import { Deadlines } from "../../src/http2/grpc/deadlines.ts";
import type { GrpcHandler } from "../../src/http2/grpc/handler.ts";
import { openCall } from "../../src/http2/grpc/open_call.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { HeaderField } from "../../src/http2/hpack/header_field.ts";
import { DEFAULT_HTTP2_LIMITS } from "../../src/http2/limits.ts";
import { OutputBuffer } from "../../src/http2/output_buffer.ts";
import { ManualClock } from "../transport/manual_clock.ts";
import { callFields, message } from "./grpc/grpc_client.ts";
import { ascii, frameBytes, setting, uint32 } from "./raw_client.ts";

const echo: GrpcHandler = { kind: "unary", handle: (request) => request };

/** Feeds a fresh connection, in chunks, and gathers what it says. */
function feed(chunks: readonly Uint8Array[]): Uint8Array {
  const clock = new ManualClock();
  const limits = { ...DEFAULT_HTTP2_LIMITS, messageBytesMax: 1_000, streamsMax: 10 };
  const faults: unknown[] = [];
  const context: CallContext = {
    clock,
    deadlines: new Deadlines(clock),
    messageBytesMax: limits.messageBytesMax,
    streamQueueBytesMax: limits.streamQueueBytesMax,
    unfinishedMs: limits.unfinishedMs,
    onEvent: () => {},
  };
  const unread = new ByteBudget(100);
  const connection = new Http2Connection({
    clock,
    limits,
    unread,
    onRequest: (stream, head) => openCall(stream, head, () => echo, context),
    wantsFlush: () => {},
    onEvent: (event) => {
      if (event.kind === "handler_error") faults.push(event.error);
    },
  });
  for (const chunk of chunks) connection.receive(chunk);
  connection.sender.pump();
  connection.disconnect();
  assertEquals(faults, []);
  assertEquals([connection.queuedBytes, connection.streams.size, unread.takenBytes], [0, 0, 0]);
  context.deadlines.stop();
  assertEquals(clock.timers, 0);
  return connection.sender.out.take();
}

/** A conversation that uses every kind of frame. */
function conversation(): Uint8Array[] {
  const encoder = new HpackEncoder();
  const block = (...more: (readonly [string, string])[]) => {
    const out = new OutputBuffer();
    const fields = callFields("/t.T/M", ...more);
    encoder.encode(fields.map(([name, value]) => new HeaderField(name, value)), out);
    return out.bytes.slice(0, out.length);
  };
  const { DATA, HEADERS, CONTINUATION, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE } = FrameType;
  const first = block();
  const second = block(["grpc-timeout", "5S"], ["x-a", "some value"]);
  return [
    ascii(PREFACE),
    frameBytes(SETTINGS, 0, 0, setting(4, 100)),
    frameBytes(HEADERS, Flag.END_HEADERS, 1, first),
    frameBytes(DATA, 1, 1, message("a first request, longer than the window ".repeat(5))),
    frameBytes(WINDOW_UPDATE, 0, 1, uint32(1_000)),
    frameBytes(PING, 0, 0, new Uint8Array(8)),
    frameBytes(HEADERS, 0, 3, second.subarray(0, 4)),
    frameBytes(CONTINUATION, Flag.END_HEADERS, 3, second.subarray(4)),
    frameBytes(DATA, Flag.PADDED, 3, new Uint8Array([2, 0, 0, 0, 0, 0, 0])),
    frameBytes(SETTINGS, 0, 0, setting(4, 0)),
    frameBytes(HEADERS, Flag.END_HEADERS, 5, block()),
    frameBytes(DATA, 1, 5, message("x")),
    frameBytes(RST_STREAM, 0, 5, uint32(8)),
    frameBytes(FrameType.GOAWAY, 0, 0, new Uint8Array(8)),
  ];
}

/** Cuts bytes at random places. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length];
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });

Deno.test("FrameSplitter.receive() finds the same frames however the bytes are cut", () => {
  const frame = fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    id: fc.nat(0x7fff_ffff),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(fc.property(fc.array(frame), sizes, (frames, sizes) => {
    const seen: typeof frames = [];
    const splitter = new FrameSplitter(100, (type, flags, id, bytes, start, end) => {
      seen.push({ type, flags, id, payload: bytes.slice(start, end) });
      return true;
    });
    const bytes = concatBytes(
      frames.map(({ type, flags, id, payload }) => frameBytes(type, flags, id, payload)),
    );
    for (const chunk of cut(bytes, sizes)) splitter.receive(chunk);
    assertEquals(seen, frames);
  }));
});

Deno.test("Http2Connection.receive() says the same however the bytes are cut", () => {
  const bytes = concatBytes(conversation());
  const whole = feed([bytes]);
  assert(whole.length > 200);
  assertEquals(feed(cut(bytes, [1])), whole);
  fc.assert(fc.property(sizes, (sizes) => assertEquals(feed(cut(bytes, sizes)), whole)));
});

Deno.test("Http2Connection.receive() bears conversations with bytes changed, lost and added", () => {
  const mutation = fc.record({
    at: fc.nat(600),
    drop: fc.nat(3),
    add: fc.uint8Array({ maxLength: 3 }),
  });
  const original = concatBytes(conversation());
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), sizes, (mutations, sizes) => {
      let bytes: Uint8Array = original;
      for (const { at, drop, add } of mutations) {
        bytes = concatBytes([bytes.subarray(0, at), add, bytes.subarray(at + drop)]);
      }
      const output = feed(cut(bytes, sizes));
      assert(output.length < 10_000);
    }),
    { numRuns: 400 },
  );
});

Deno.test("Http2Connection.receive() bears frames in any order with any payload", () => {
  const frame = fc.record({
    type: fc.nat(10),
    flags: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 5)),
    id: fc.constantFrom(0, 1, 2, 3, 5, 7),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(uint32(1), uint32(0x7fff_ffff), setting(4, 0), setting(4, 0x7fff_ffff)),
      fc.constantFrom(new Uint8Array([0x83, 0x86, 0x84]), message("m")),
    ),
  });
  const start = conversation().slice(0, 3);
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
      const bytes = frames.map(({ type, flags, id, payload }) =>
        frameBytes(type, flags, id, payload)
      );
      const output = feed([...start, ...bytes]);
      assert(output.length < 10_000);
    }),
    { numRuns: 400 },
  );
});
