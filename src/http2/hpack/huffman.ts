import type { OutputBuffer } from "../output_buffer.ts";

/**
 * The length in bits of each byte's code, the end-of-string symbol's last. The code is canonical:
 * codes count upwards by length, then by symbol, so that the lengths are all there is to know.
 * Ref: RFC 7541 appendix B.
 */
// deno-fmt-ignore
const CODE_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END_OF_STRING = 256;

/** The code of each symbol, right-aligned. */
const CODES: Uint32Array = makeCodes();

function makeCodes(): Uint32Array {
  const codes = new Uint32Array(CODE_BITS.length);
  const symbols = [...CODE_BITS.keys()].sort((a, b) => CODE_BITS[a] - CODE_BITS[b] || a - b);
  let code = 0;
  let bits = CODE_BITS[symbols[0]];
  for (const symbol of symbols) {
    code <<= CODE_BITS[symbol] - bits;
    bits = CODE_BITS[symbol];
    codes[symbol] = code++;
  }
  return codes;
}

/*
 * Decoding walks the code's tree four bits at a time. A state is an inner node of the tree; a
 * transition is found at `state << 4 | four bits` and holds the next state in its low byte, the
 * symbol that was completed on the way in the next byte, and three flags.
 */
const EMITS = 1 << 16;
/** A string may end here: what is left over is at most seven ones. */
const MAY_END = 1 << 17;
const FAILS = 1 << 18;

const TRANSITIONS: Uint32Array = makeTransitions();

/** The tree as pairs of children: an inner node's number, or a symbol as `~symbol`. */
function makeTree(): number[][] {
  const tree: number[][] = [[0, 0]];
  for (let symbol = 0; symbol < CODE_BITS.length; symbol++) {
    let node = 0;
    for (let bit = CODE_BITS[symbol] - 1; bit > 0; bit--) {
      const side = (CODES[symbol] >>> bit) & 1;
      if (tree[node][side] === 0) tree[node][side] = tree.push([0, 0]) - 1;
      node = tree[node][side];
    }
    tree[node][CODES[symbol] & 1] = ~symbol;
  }
  return tree;
}

/** The nodes that at most seven ones lead to from the root. */
function paddingNodes(tree: readonly number[][]): Set<number> {
  const nodes = new Set([0]);
  let node = 0;
  for (let ones = 0; ones < 7; ones++) {
    node = tree[node][1];
    nodes.add(node);
  }
  return nodes;
}

function makeTransitions(): Uint32Array {
  const tree = makeTree();
  const mayEnd = paddingNodes(tree);
  const transitions = new Uint32Array(tree.length << 4);
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state;
      let flags = 0;
      for (let bit = 3; bit >= 0 && flags !== FAILS; bit--) {
        const child = tree[node][(nibble >>> bit) & 1];
        if (child >= 0) node = child;
        else if (~child === END_OF_STRING) flags = FAILS;
        else {
          flags = EMITS | (~child << 8);
          node = 0;
        }
      }
      if (flags !== FAILS && mayEnd.has(node)) flags |= MAY_END;
      transitions[(state << 4) | nibble] = flags === FAILS ? FAILS : flags | node;
    }
  }
  return transitions;
}

/** Where decoded bytes gather until they become a string. */
const scratch = new Uint8Array(512);

/**
 * The text of a Huffman-coded string, one code unit for each byte, or `null` when the code is
 * malformed: it ends in the middle of a symbol, its padding is not the shortest made of ones, or it
 * contains the end-of-string symbol. Ref: RFC 7541 §5.2.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | null {
  let text = "";
  let length = 0;
  let transition = MAY_END;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    transition = TRANSITIONS[((transition & 0xff) << 4) | (byte >>> 4)];
    if ((transition & EMITS) !== 0) scratch[length++] = (transition >>> 8) & 0xff;
    else if (transition === FAILS) return null;
    transition = TRANSITIONS[((transition & 0xff) << 4) | (byte & 15)];
    if ((transition & EMITS) !== 0) scratch[length++] = (transition >>> 8) & 0xff;
    else if (transition === FAILS) return null;
    if (length >= scratch.length - 2) {
      text += latin1(scratch, 0, length);
      length = 0;
    }
  }
  if ((transition & MAY_END) === 0) return null;
  return text + latin1(scratch, 0, length);
}

/** The text that has `bytes` as its code units. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 4096) {
    const part = bytes.subarray(at, Math.min(end, at + 4096));
    text += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return text;
}

/** How many bytes {@linkcode encodeHuffman} would write. */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_BITS[text.charCodeAt(i) & 0xff];
  return (bits + 7) >>> 3;
}

/** Writes the low eight bits of each code unit in Huffman's code, padded with ones. */
export function encodeHuffman(text: string, out: OutputBuffer): void {
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let bits = CODE_BITS[symbol];
    // A code of up to 30 bits and 7 pending ones do not fit into 32: long codes go in two parts.
    if (bits > 24) {
      bits -= 16;
      pending = (pending << bits) | (CODES[symbol] >>> 16);
      pendingBits += bits;
      for (; pendingBits >= 8; pendingBits -= 8) out.byte(pending >>> (pendingBits - 8));
      bits = 16;
    }
    pending = (pending << bits) | (CODES[symbol] & ((1 << bits) - 1));
    pendingBits += bits;
    for (; pendingBits >= 8; pendingBits -= 8) out.byte(pending >>> (pendingBits - 8));
  }
  if (pendingBits > 0) out.byte((pending << (8 - pendingBits)) | (0xff >>> pendingBits));
}
