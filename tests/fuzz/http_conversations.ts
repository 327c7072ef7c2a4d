import type { Prng } from "../../src/base/prng.ts";
import { Flag, FrameType, PREFACE } from "../../src/http2/frame.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { HeaderField } from "../../src/http2/hpack/header_field.ts";
import { OutputBuffer } from "../../src/http2/output_buffer.ts";
import { callFields, message } from "../http2/grpc/grpc_client.ts";
import { ascii, frameBytes, setting, uint32 } from "../http2/raw_client.ts";
import { pick, type Spoil } from "./conversation.ts";
import { sampleRequest } from "./requests.ts";

/** JSON over HTTP/1.1: one to three requests on a connection, and lies about their lengths. */
export function jsonConversation(prng: Prng, spoil: Spoil): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let left = prng.between(1, 4); left > 0; left--) {
    const { path, json } = sampleRequest(prng);
    const body = spoil(ascii(json));
    const length = prng.chance(0.05)
      ? pick(prng, ["99999999999", "-1", "1e3", "0x10", "4194305", "18446744073709551616"])
      : String(body.length);
    const isChunked = prng.chance(0.2);
    const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${length}`;
    const accept = prng.chance(0.1) ? "accept: text/event-stream\r\n" : "";
    pieces.push(ascii(`POST ${path} HTTP/1.1\r\nhost: kvorum.test\r\n${accept}${framing}\r\n\r\n`));
    if (isChunked) {
      const size = prng.chance(0.05) ? "ffffffffff" : body.length.toString(16);
      pieces.push(ascii(`${size}\r\n`), body, ascii("\r\n0\r\n\r\n"));
    } else pieces.push(body);
  }
  return pieces;
}

/** gRPC over HTTP/2: several calls on a connection, with every kind of frame between them. */
export function grpcConversation(prng: Prng, spoil: Spoil): Uint8Array[] {
  const { DATA, HEADERS, CONTINUATION, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE } = FrameType;
  const encoder = new HpackEncoder();
  const pieces = [ascii(PREFACE), frameBytes(SETTINGS, 0, 0, setting(4, prng.between(0, 70_000)))];
  let id = 1;
  for (let left = prng.between(1, 5); left > 0; left--, id += 2) {
    const { method, bytes } = sampleRequest(prng);
    const fields = callFields(method, ["grpc-timeout", `${prng.between(0, 5_000)}m`]);
    const out = new OutputBuffer();
    encoder.encode(fields.map(([name, value]) => new HeaderField(name, value)), out);
    const block = spoil(out.bytes.slice(0, out.length));
    if (prng.chance(0.2)) {
      pieces.push(frameBytes(HEADERS, 0, id, block.subarray(0, 5)));
      pieces.push(frameBytes(CONTINUATION, Flag.END_HEADERS, id, block.subarray(5)));
    } else pieces.push(frameBytes(HEADERS, Flag.END_HEADERS, id, block));
    pieces.push(frameBytes(DATA, Flag.END_STREAM, id, spoil(message(spoil(bytes)))));
    if (prng.chance(0.2)) pieces.push(frameBytes(PING, 0, 0, new Uint8Array(8)));
    if (prng.chance(0.2)) pieces.push(frameBytes(RST_STREAM, 0, id, uint32(8)));
    if (prng.chance(0.2)) pieces.push(frameBytes(WINDOW_UPDATE, 0, id, uint32(1_000)));
  }
  if (prng.chance(0.2)) pieces.push(frameBytes(FrameType.GOAWAY, 0, 0, new Uint8Array(8)));
  return pieces;
}
