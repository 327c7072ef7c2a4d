/** UTF-8 in ECMAScript alone, with the results of the Encoding standard's encoder and decoder. */

const REPLACEMENT = 0xfffd;
/** How many code units one call of `String.fromCharCode` gets, far below every engine's limit. */
const CHUNK_UNITS = 4096;

/** The UTF-8 bytes of `text`; a surrogate without its partner becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeFrom(text, i, bytes);
    bytes[i] = unit;
  }
  return bytes;
}

/** Encodes from code unit `start`, the first that is not ASCII, after the ASCII bytes already made. */
function encodeFrom(text: string, start: number, ascii: Uint8Array): Uint8Array<ArrayBuffer> {
  // Why 3: a code unit alone takes at most three bytes, a pair of surrogates takes four.
  const bytes = new Uint8Array(start + (text.length - start) * 3);
  bytes.set(ascii.subarray(0, start));
  let at = start;
  for (let i = start; i < text.length; i++) {
    let point = text.codePointAt(i) as number;
    if (point > 0xffff) i++;
    else if (point >= 0xd800 && point <= 0xdfff) point = REPLACEMENT;
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        bytes[at++] = 0xe0 | (point >> 12);
      } else {
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, at);
}

/**
 * The text that UTF-8 `bytes` stand for. Each maximal malformed part becomes one U+FFFD and a byte
 * order mark is kept, as `new TextDecoder("utf-8", { ignoreBOM: true })` has it.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = "";
  let units: number[] = [];
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i++];
    if (lead < 0x80) {
      units.push(lead);
    } else {
      // A well-formed sequence: how many bytes follow, and which first of them is allowed
      // (no overlong forms, no surrogates, nothing over U+10FFFF). Ref: Unicode, table 3-7.
      const more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
      let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      let point = lead & (0x3f >> more);
      let left = more;
      while (left > 0 && i < bytes.length && bytes[i] >= low && bytes[i] <= high) {
        point = (point << 6) | (bytes[i++] & 0x3f);
        low = 0x80;
        high = 0xbf;
        left--;
      }
      if (more === 0 || left > 0) units.push(REPLACEMENT);
      else if (point < 0x10000) units.push(point);
      else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
    }
    if (units.length >= CHUNK_UNITS) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}
