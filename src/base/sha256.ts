/** How many bytes a SHA-256 digest has. */
export const SHA256_BYTES = 32;

const BLOCK_BYTES = 64;
/** Where in the last block the length of the message stands. */
const LENGTH_OFFSET = 56;

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4 §4.2.2). */
const ROUND_CONSTANTS = new Int32Array(64);
const INITIAL_STATE = new Int32Array(8);

for (let candidate = 2, found = 0; found < 64; candidate++) {
  let isPrime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) isPrime = false;
  }
  if (!isPrime) continue;
  ROUND_CONSTANTS[found] = fractionBits(Math.cbrt(candidate));
  if (found < 8) INITIAL_STATE[found] = fractionBits(Math.sqrt(candidate));
  found++;
}

function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 0x1_0000_0000) | 0;
}

/**
 * SHA-256 over bytes that come in pieces (FIPS 180-4).
 *
 * Why our own: the platform's digests want the whole message at once, and a snapshot is too large.
 */
export class Sha256 {
  readonly #state: Int32Array = INITIAL_STATE.slice();
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #blockView = new DataView(this.#block.buffer);
  readonly #schedule = new Int32Array(64);
  #blockLength = 0;
  #byteLength = 0;

  /** Takes more of the message. */
  update(bytes: Uint8Array): this {
    this.#byteLength += bytes.length;
    let at = 0;
    if (this.#blockLength > 0) {
      at = Math.min(BLOCK_BYTES - this.#blockLength, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#blockLength);
      this.#blockLength += at;
      if (this.#blockLength < BLOCK_BYTES) return this;
      this.#compress(this.#blockView, 0);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) this.#compress(view, at);
    this.#block.set(bytes.subarray(at));
    this.#blockLength = bytes.length - at;
    return this;
  }

  /** Ends the message and gives its digest. Nothing may be added afterwards. */
  digest(): Uint8Array {
    const block = this.#block;
    const view = this.#blockView;
    block[this.#blockLength++] = 0x80;
    if (this.#blockLength > LENGTH_OFFSET) {
      block.fill(0, this.#blockLength);
      this.#compress(view, 0);
      this.#blockLength = 0;
    }
    block.fill(0, this.#blockLength);
    view.setUint32(LENGTH_OFFSET, Math.floor(this.#byteLength / 0x2000_0000));
    view.setUint32(LENGTH_OFFSET + 4, this.#byteLength << 3);
    this.#compress(view, 0);
    const digest = new DataView(new ArrayBuffer(SHA256_BYTES));
    this.#state.forEach((word, i) => digest.setUint32(4 * i, word));
    return new Uint8Array(digest.buffer);
  }

  #compress(view: DataView, offset: number): void {
    const w = this.#schedule;
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(offset + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    const state = this.#state;
    let a = state[0] | 0;
    let b = state[1] | 0;
    let c = state[2] | 0;
    let d = state[3] | 0;
    let e = state[4] | 0;
    let f = state[5] | 0;
    let g = state[6] | 0;
    let h = state[7] | 0;
    for (let i = 0; i < 64; i++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const t1 = h + s1 + (e & f ^ ~e & g) + ROUND_CONSTANTS[i] + w[i] | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const t2 = s0 + (a & b ^ a & c ^ b & c) | 0;
      h = g;
      g = f;
      f = e;
      e = d + t1 | 0;
      d = c;
      c = b;
      b = a;
      a = t1 + t2 | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}
