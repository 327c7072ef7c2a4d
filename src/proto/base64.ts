/** Base64 as JSON carries bytes. The engine's own conversion is used where there is one. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = /[-_]/;
const NOT_PADDED_WELL = /=(?!=?$)/;

/** The six bits of each letter of both alphabets by its code, or 255. */
const SIX_BITS: Uint8Array = /* @__PURE__ */ (() => {
  const bits = new Uint8Array(128).fill(255);
  for (let i = 0; i < 64; i++) bits[LETTERS.charCodeAt(i)] = i;
  bits[0x2d] = 62; // -
  bits[0x5f] = 63; // _
  return bits;
})();

/** The engine's conversions, which older engines lack. */
interface NativeBase64 {
  toBase64?: () => string;
  fromBase64?: typeof Uint8Array.fromBase64;
}
const hasToBase64: boolean =
  /* @__PURE__ */ (() => (Uint8Array.prototype as NativeBase64).toBase64 !== undefined)();
const hasFromBase64: boolean =
  /* @__PURE__ */ (() => (Uint8Array as NativeBase64).fromBase64 !== undefined)();

/** `bytes` in the standard alphabet with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return hasToBase64 ? bytes.toBase64() : encodeBase64Portably(bytes);
}

/**
 * The bytes that `text` stands for, or undefined if it is not base64. The alphabet may be the
 * standard or the URL-safe one but no mixture, the padding may be missing altogether, and the bits
 * that are left over may be anything, as Go's decoder has it.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  // Why: engines step over all white space, but Go only over line ends.
  if (!hasFromBase64 || /\s/.test(text)) {
    return decodeBase64Portably(text.replaceAll(/[\r\n]/g, ""));
  }
  try {
    return Uint8Array.fromBase64(text, {
      alphabet: URL_SAFE.test(text) ? "base64url" : "base64",
      lastChunkHandling: "loose",
    });
  } catch {
    return undefined;
  }
}

/** What {@linkcode encodeBase64} does where the engine cannot. */
export function encodeBase64Portably(bytes: Uint8Array): string {
  let text = "";
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const bits = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
    text += LETTERS[bits >> 18] + LETTERS[bits >> 12 & 63] + LETTERS[bits >> 6 & 63] +
      LETTERS[bits & 63];
  }
  if (i === bytes.length) return text;
  const bits = bytes[i] << 16 | (i + 1 < bytes.length ? bytes[i + 1] << 8 : 0);
  const third = i + 1 < bytes.length ? LETTERS[bits >> 6 & 63] : "=";
  return text + LETTERS[bits >> 18] + LETTERS[bits >> 12 & 63] + third + "=";
}

/** What {@linkcode decodeBase64} does where the engine cannot. */
export function decodeBase64Portably(text: string): Uint8Array | undefined {
  const isUrlSafe = URL_SAFE.test(text);
  if (NOT_PADDED_WELL.test(text) || isUrlSafe && /[+/]/.test(text)) return undefined;
  const letters = text.endsWith("==")
    ? text.length - 2
    : text.length - (text.endsWith("=") ? 1 : 0);
  if (letters % 4 === 1 || letters !== text.length && text.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array(Math.floor(letters * 3 / 4));
  let at = 0;
  let bits = 0;
  for (let i = 0; i < letters; i++) {
    const code = text.charCodeAt(i);
    const six = code < 128 ? SIX_BITS[code] : 255;
    if (six === 255) return undefined;
    bits = bits << 6 | six;
    if ((i & 3) !== 0) bytes[at++] = bits >> (6 - 2 * (i & 3));
  }
  return bytes;
}
