/**
 * Two different sums of 32 bits over the same bytes, word by word in one pass, as 16 hexadecimal
 * digits. They name a segment's content and guard it against damage. Every step maps the sum one to
 * one, so damage within one word never goes unnoticed; anything else does once in 2^64. The first is
 * MurmurHash3 of 32 bits without its last round; the second multiplies and shifts.
 *
 * Why: sealing a segment is part of applying commands, and CRC-32 by tables costs several times more.
 */
export function contentSums(bytes: Uint8Array): string {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const wordCount = aligned.length >>> 2;
  // Platforms that run this are little-endian, as the records are.
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, wordCount);
  let first = aligned.length | 0;
  let second = 0x9e3779b9 | 0;
  for (let i = 0; i < wordCount; i++) {
    const word = words[i];
    let mixed = Math.imul(word, 0xcc9e2d51);
    mixed = (mixed << 15) | (mixed >>> 17);
    first ^= Math.imul(mixed, 0x1b873593);
    first = (first << 13) | (first >>> 19);
    first = (Math.imul(first, 5) + 0xe6546b64) | 0;
    second = Math.imul(second ^ word, 0x85ebca6b);
    second ^= second >>> 15;
  }
  for (let i = wordCount * 4; i < aligned.length; i++) {
    first = Math.imul(first ^ aligned[i], 0x01000193);
    second = Math.imul(second ^ aligned[i], 0xc2b2ae35);
    second ^= second >>> 13;
  }
  return hex(first) + hex(second);
}

function hex(sum: number): string {
  return (sum >>> 0).toString(16).padStart(8, "0");
}
