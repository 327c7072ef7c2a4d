import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  decodeBase64,
  decodeBase64Portably,
  encodeBase64,
  encodeBase64Portably,
} from "../../src/proto/base64.ts";

Deno.test("encodeBase64() and encodeBase64Portably() agree, and decoding gives the bytes back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const text = encodeBase64(bytes);
    assertEquals(encodeBase64Portably(bytes), text);
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_");
    for (const form of [text, urlSafe, urlSafe.replaceAll("=", "")]) {
      assertEquals(decodeBase64(form), bytes);
      assertEquals(decodeBase64Portably(form), bytes);
    }
  }));
});

Deno.test("decodeBase64() and decodeBase64Portably() refuse the same texts", () => {
  const texts = fc.array(fc.constantFrom("A", "Q", "+", "/", "-", "_", "=", "é", "!"), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(texts, (letters) => {
      const text = letters.join("");
      assertEquals(decodeBase64Portably(text), decodeBase64(text), text);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("decodeBase64() takes left-over bits and line ends, and refuses other white space", () => {
  assertEquals(decodeBase64("AR=="), new Uint8Array([1]));
  assertEquals(decodeBase64("YWJj\r\nZGVm"), new Uint8Array([97, 98, 99, 100, 101, 102]));
  for (const text of ["A", "AQ=", "A===", "====", "=AQ", "A Q==", "AQ==AQ==", "/-8="]) {
    assertEquals(decodeBase64(text), undefined, text);
  }
});
