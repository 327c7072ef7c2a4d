/**
 * CRC-32 in two kinds, two words a step: with the IEEE polynomial (as in gzip), which runtimes
 * offer natively, so an adapter may use a faster function and get the same sums; and CRC-32C with
 * Castagnoli's, which etcd's HashKV is defined by.
 */

/** Shorter input is summed byte by byte: a view of it as words costs as much as so many bytes. */
const WORDS_FROM_BYTES = 48;
const IEEE_TABLES: readonly Int32Array[] = makeTables(0xedb88320);
const CASTAGNOLI_TABLES: readonly Int32Array[] = makeTables(0x82f63b78);

function makeTables(polynomial: number): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[0][byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let step = 1; step < 8; step++) {
      const previous = tables[step - 1][byte];
      tables[step][byte] = (previous >>> 8) ^ tables[0][previous & 0xff];
    }
  }
  return tables;
}

/** The CRC-32 of `bytes[start, end)`, continuing from `seed`, the sum of what came before. */
export function crc32(
  bytes: Uint8Array,
  seed = 0,
  start = 0,
  end: number = bytes.length,
): number {
  return update(IEEE_TABLES, bytes, seed, start, end);
}

/** The CRC-32C of `bytes[start, end)`, continuing from `seed`, the sum of what came before. */
export function crc32c(
  bytes: Uint8Array,
  seed = 0,
  start = 0,
  end: number = bytes.length,
): number {
  return update(CASTAGNOLI_TABLES, bytes, seed, start, end);
}

function update(
  tables: readonly Int32Array[],
  bytes: Uint8Array,
  seed: number,
  start: number,
  end: number,
): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = ~seed;
  let i = start;
  if (end - start >= WORDS_FROM_BYTES) {
    for (; (bytes.byteOffset + i) % 4 !== 0; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 0xff];
    // Platforms that run this are little-endian: a word's lowest byte is its first.
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + i, ((end - i) >>> 3) * 2);
    for (let word = 0; word < words.length; word += 2) {
      const low = crc ^ words[word];
      const high = words[word + 1];
      crc = t7[low & 0xff] ^ t6[(low >>> 8) & 0xff] ^ t5[(low >>> 16) & 0xff] ^ t4[low >>> 24] ^
        t3[high & 0xff] ^ t2[(high >>> 8) & 0xff] ^ t1[(high >>> 16) & 0xff] ^ t0[high >>> 24];
    }
    i += words.byteLength;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
