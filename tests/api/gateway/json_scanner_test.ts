import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { JsonScanner, JsonSyntaxError } from "../../../src/api/gateway/json_scanner.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Where the first value of `text` ends, when no more comes. */
function endOfFirst(text: string): number {
  const scanner = new JsonScanner();
  const bytes = encode(text);
  const end = scanner.scan(bytes, 0);
  if (end !== -1) return end;
  return scanner.end() ? bytes.length : -1;
}

Deno.test("JsonScanner.scan() says what is wrong in the words of Go", () => {
  const faults: Record<string, string> = {
    "}": "invalid character '}' looking for beginning of value",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "{key:1}": "invalid character 'k' looking for beginning of object key string",
    "{'a':1}": "invalid character '\\'' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b":2}': "invalid character '\"' after object key:value pair",
    '{"a":01}': "invalid character '1' after object key:value pair",
    "[1 2]": "invalid character '2' after array element",
    "[1,]": "invalid character ']' looking for beginning of value",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12g4"': "invalid character 'g' in \\u hexadecimal character escape",
    '"\x01"': "invalid character '\\x01' in string literal",
    '"\n"': "invalid character '\\n' in string literal",
    "nope": "invalid character 'o' in literal null (expecting 'u')",
    "tru}": "invalid character '}' in literal true (expecting 'e')",
    "-}": "invalid character '}' in numeric literal",
    "1.}": "invalid character '}' after decimal point in numeric literal",
    "1e}": "invalid character '}' in exponent of numeric literal",
    "1e+}": "invalid character '}' in exponent of numeric literal",
    "\\": "invalid character '\\\\' looking for beginning of value",
    "\ufeff{}": "invalid character 'ï' looking for beginning of value",
    "\x7f": "invalid character '\\x7f' looking for beginning of value",
  };
  for (const [text, message] of Object.entries(faults)) {
    const error = assertThrows(() => endOfFirst(text), JsonSyntaxError);
    assertEquals(error.message, message, text);
  }
});

Deno.test("JsonScanner.end() refuses a value that breaks off anywhere", () => {
  const whole = '{"a":[1.5e-3,"\\u00e9",true,null],"b":{}}';
  for (let length = 1; length < whole.length; length++) {
    assertThrows(() => endOfFirst(whole.slice(0, length)), JsonSyntaxError, "unexpected EOF");
  }
  assertEquals(endOfFirst(" \n\t"), -1);
  assertEquals(endOfFirst("12"), 2);
});

Deno.test("JsonScanner.scan() takes 10,000 levels and refuses one more", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals(endOfFirst(nested(10_000)), 20_000);
  assertThrows(
    () => endOfFirst(nested(10_001)),
    JsonSyntaxError,
    "invalid character '[' exceeded max depth",
  );
});

Deno.test("JsonScanner.scan() finds the end of any value, however the bytes are cut", () => {
  fc.assert(fc.property(
    fc.jsonValue(),
    fc.constantFrom(" ", "\n", '{"next":1}', "[2]", '"x"'),
    fc.integer({ min: 1, max: 20 }),
    (value, rest, step) => {
      const text = JSON.stringify(value);
      const bytes = encode(text + rest);
      const scanner = new JsonScanner();
      let end = -1;
      for (let at = 0; at < bytes.length && end === -1; at += step) {
        const found = scanner.scan(bytes.subarray(at, at + step), 0);
        if (found !== -1) end = at + found;
      }
      const isNumber = typeof value === "number";
      // A number ends only where something else begins; "1" before "2" would be one number.
      assertEquals(isNumber && end === -1 ? encode(text).length : end, encode(text).length);
    },
  ));
});

Deno.test("JsonScanner.scan() refuses exactly what JSON.parse refuses", () => {
  const token = fc.constantFrom(...'{}[],:"\\-+.eE0123tfn ul'.split(""), '"a"', "true", "null");
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
      const text = tokens.join("");
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      let scans = false;
      try {
        const end = endOfFirst(text);
        scans = end !== -1 && text.slice(end).trim() === "";
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error;
      }
      assertEquals(scans, parses, text);
    }),
    { numRuns: 2_000 },
  );
});
