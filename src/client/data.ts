/** Keys and values: bytes inside, strings welcome. */

/** A key or a value. A string stands for its UTF-8 bytes. */
export type Data = string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a key or a value. @throws {TypeError} if it is neither a string nor bytes */
export function toBytes(data: Data): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof Uint8Array) return data;
  throw new TypeError(`Cannot take ${typeof data} as a key or a value: use a string or bytes`);
}

/** The text that UTF-8 bytes stand for. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
