/** Keys and values: bytes inside, strings welcome. */

import { encodeUtf8 } from "../base/utf8.ts";

/** A key or a value. A string stands for its UTF-8 bytes. */
export type Data = string | Uint8Array;

/** Up to here a loop is faster than a call into the platform. */
const SHORT_CHARACTERS = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a key or a value. @throws {TypeError} if it is neither a string nor bytes */
export function toBytes(data: Data): Uint8Array {
  if (typeof data === "string") {
    return data.length <= SHORT_CHARACTERS ? encodeUtf8(data) : encoder.encode(data);
  }
  if (data instanceof Uint8Array) return data;
  throw new TypeError(`Cannot take ${typeof data} as a key or a value: use a string or bytes`);
}

/** The text that UTF-8 bytes stand for. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
