/**
 * Keys as map keys: a string with one character of code 0 to 255 for each byte. Engines keep such
 * strings at one byte a character, and comparing them compares the bytes.
 */

/** Arguments of one call are limited, so long keys go in pieces. */
const PIECE_BYTES = 4096;

/** The text that stands for `key`. */
export function keyTextOf(key: Uint8Array): string {
  if (key.length <= PIECE_BYTES) return String.fromCharCode.apply(null, key as unknown as number[]);
  let text = "";
  for (let at = 0; at < key.length; at += PIECE_BYTES) {
    const piece = key.subarray(at, at + PIECE_BYTES);
    text += String.fromCharCode.apply(null, piece as unknown as number[]);
  }
  return text;
}

/** The key that `text` stands for. */
export function bytesOfKeyText(text: string): Uint8Array {
  const key = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) key[i] = text.charCodeAt(i);
  return key;
}
