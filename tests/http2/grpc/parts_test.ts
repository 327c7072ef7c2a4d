import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes } from "../../../src/base/bytes.ts";
import { MessageAssembler } from "../../../src/http2/grpc/message_assembler.ts";
import { encodeBinaryValue, GrpcMetadata } from "../../../src/http2/grpc/metadata.ts";
import { GrpcError, percentEncode } from "../../../src/http2/grpc/status.ts";
import { parseTimeoutMs } from "../../../src/http2/grpc/timeout.ts";
import { HeaderField } from "../../../src/http2/hpack/header_field.ts";
import { message } from "./grpc_client.ts";

Deno.test("parseTimeoutMs() reads every unit and refuses the rest", () => {
  const rows: [string, number | null][] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5000u", 5],
    ["6000000n", 6],
    ["0m", 0],
    ["99999999H", 99_999_999 * 3_600_000],
    ["123456789m", null],
    ["", null],
    ["5", null],
    ["m", null],
    ["-1S", null],
    ["1.5S", null],
    ["1s", null],
  ];
  for (const [text, ms] of rows) assertEquals(parseTimeoutMs(text), ms, text);
});

Deno.test("percentEncode() is undone by decodeURIComponent() and keeps to printable ASCII", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const encoded = percentEncode(text);
    assertEquals(/^[ -~]*$/.test(encoded), true);
    assertEquals(decodeURIComponent(encoded), text.toWellFormed());
  }));
  assertEquals(percentEncode("a b: 5%"), "a b: 5%25");
});

Deno.test("GrpcMetadata.allBinary() gives back what encodeBinaryValue() wrote", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    const field = new HeaderField("x-bin", encodeBinaryValue(bytes));
    assertEquals(new GrpcMetadata([field]).allBinary("x-bin"), [bytes]);
  }));
});

Deno.test("MessageAssembler puts messages together however they are cut", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 });
  fc.assert(fc.property(bodies, fc.array(fc.nat(20)), (messages, cuts) => {
    const bytes = concatBytes(messages.map(message));
    const seen: Uint8Array[] = [];
    const assembler = new MessageAssembler(100, (each) => seen.push(each), () => {});
    let from = 0;
    for (const cut of cuts) {
      assembler.push(bytes.slice(from, from + cut));
      from += cut;
    }
    assembler.push(bytes.slice(from));
    assertEquals(seen, messages);
    assertEquals(assembler.isEmpty, true);
  }));
});

Deno.test("MessageAssembler throws nothing but GrpcError on any bytes", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
    const assembler = new MessageAssembler(1_000, () => {}, () => {});
    try {
      for (const chunk of chunks) assembler.push(chunk);
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
    }
  }));
  const assembler = new MessageAssembler(10, () => {}, () => {});
  assertThrows(() => assembler.push(message(new Uint8Array(11)).subarray(0, 5)), GrpcError);
});
