/**
 * CRC-32 in two kinds, eight bytes a step: with the IEEE polynomial (as in gzip), which runtimes
 * offer natively, so an adapter may use a faster function and get the same sums; and CRC-32C with
 * Castagnoli's, which etcd's HashKV is defined by.
 */

const IEEE_TABLES: readonly Uint32Array[] = makeTables(0xedb88320);
const CASTAGNOLI_TABLES: readonly Uint32Array[] = makeTables(0x82f63b78);

function makeTables(polynomial: number): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
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
  tables: readonly Uint32Array[],
  bytes: Uint8Array,
  seed: number,
  start: number,
  end: number,
): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = ~seed;
  let i = start;
  for (const last = end - 8; i <= last; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t7[crc & 0xff] ^ t6[(crc >>> 8) & 0xff] ^ t5[(crc >>> 16) & 0xff] ^ t4[crc >>> 24] ^
      t3[bytes[i + 4]] ^ t2[bytes[i + 5]] ^ t1[bytes[i + 6]] ^ t0[bytes[i + 7]];
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
