import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { clipReason, CloseCode, printableReason } from "../../src/transport/close_code.ts";
import {
  beginFrame,
  endFrame,
  openFrame,
  PEER_PROTOCOL_VERSION,
} from "../../src/transport/frame.ts";
import { decodeHello, encodeHello, type Hello, refuseHello } from "../../src/transport/hello.ts";

const MAX = 2n ** 64n - 1n;
const storageId = new Uint8Array(16).fill(9);
const self = { clusterId: MAX, memberId: MAX - 1n, storageId };
const hello: Hello = {
  version: PEER_PROTOCOL_VERSION,
  clusterId: MAX,
  from: MAX - 2n,
  to: MAX - 1n,
  storageId,
};

function read(frame: Uint8Array): Hello {
  const { version, body } = openFrame(frame);
  return decodeHello(version, body);
}

Deno.test("decodeHello() gives back what encodeHello() took", () => {
  assertEquals(read(encodeHello({ ...self, memberId: hello.from }, hello.to)), hello);
});

Deno.test("decodeHello() refuses other protocols and cut or lengthened hellos", () => {
  const frame = (body: Uint8Array) => {
    const writer = new ByteWriter();
    beginFrame(writer, 1);
    writer.raw(body);
    return endFrame(writer).slice();
  };
  const body = encodeHello(self, 1n).slice(6);
  assertThrows(() => read(frame(body.fill(0, 0, 1))), MalformedBytesError, "not a Kvorum replica");
  assertThrows(() => read(frame(body.slice(0, -1))), MalformedBytesError);
  const whole = encodeHello(self, 1n).slice(6);
  assertThrows(() => read(frame(new Uint8Array([...whole, 0]))), MalformedBytesError, "too many");
});

Deno.test("decodeHello() reads the hello of a later version, so that it can be refused", () => {
  const writer = new ByteWriter();
  beginFrame(writer, 1);
  writer.raw(encodeHello({ ...self, memberId: hello.from }, hello.to).slice(6));
  writer.raw(new Uint8Array(9));
  const later = decodeHello(PEER_PROTOCOL_VERSION + 1, openFrame(endFrame(writer)).body);
  assertEquals(refuseHello(later, self, null)?.code, CloseCode.WrongVersion);
});

Deno.test("refuseHello() says what is wrong in words that fit a close frame", () => {
  const refusals = [
    [CloseCode.WrongVersion, "version", refuseHello({ ...hello, version: 255 }, self, null)],
    [CloseCode.WrongCluster, "cluster", refuseHello({ ...hello, clusterId: MAX - 9n }, self, null)],
    [CloseCode.WrongMember, "looks for", refuseHello({ ...hello, to: MAX - 9n }, self, null)],
    [CloseCode.WrongMember, "own", refuseHello({ ...hello, from: self.memberId }, self, null)],
    [CloseCode.WrongMember, "dialled", refuseHello(hello, self, MAX - 9n)],
  ] as const;
  for (const [code, word, refusal] of refusals) {
    assert(refusal !== null);
    assertEquals(refusal.code, code);
    assert(refusal.reason.includes(word), refusal.reason);
    assertEquals(clipReason(refusal.reason), refusal.reason);
  }
  assertEquals(refuseHello(hello, self, null), null);
  assertEquals(refuseHello(hello, self, hello.from), null);
});

Deno.test("clipReason() cuts to 123 bytes and never inside a character", () => {
  assertEquals(clipReason("x".repeat(200)), "x".repeat(123));
  const clipped = clipReason("x" + "ü€𝄞".repeat(50));
  assertLessOrEqual(new TextEncoder().encode(clipped).length, 123);
  assert(clipped.isWellFormed() && !clipped.includes("\ufffd"));
  assertEquals(printableReason("a\r\nb\x1b[0m\u202ec"), "a??b?[0m?c");
});
