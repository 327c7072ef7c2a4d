/**
 * The layout of one record in a segment: a header of fixed size, the key, the value, and the lease
 * when there is one. Numbers are little-endian; revisions are doubles that hold safe integers.
 *
 *  0  u32  key bytes, with {@linkcode TOMBSTONE_BIT} and {@linkcode LEASE_BIT}
 *  4  u32  value bytes
 *  8  f64  main revision
 * 16  f64  create revision, 0 in a tombstone
 * 24  f64  version, 0 in a tombstone
 * 32  f64  main revision of the previous record of the key, 0 for none
 * 40  f64  main revision of the jump ancestor, 0 for none
 * 48  u32  sub revision
 * 52  u32  sub revision of the previous record
 * 56  u32  sub revision of the jump ancestor
 * 60  u32  depth in the chain of the key's records
 *
 * Why: links name revisions, not addresses, so a sealed segment stays as it is when compaction
 * rewrites others. The jump ancestor makes the chain a skew-binary skip list (Myers, "An applicative
 * random-access stack", 1983): any old revision of a hot key is O(log n) steps away.
 */

/** The size of a record's header. */
export const RECORD_HEADER_BYTES = 64;
/** Set in the key's length when the record deletes the key. */
export const TOMBSTONE_BIT = 0x8000_0000;
/** Set in the key's length when a lease follows the value. */
export const LEASE_BIT = 0x4000_0000;
/** What of that field is the key's length. */
export const KEY_BYTES_MASK = 0x3fff_ffff;
/** The size of a lease behind the value. */
export const LEASE_BYTES = 8;

/** Where the key's length and the flags are. */
export const AT_KEY_BYTES = 0;
/** Where the value's length is. */
export const AT_VALUE_BYTES = 4;
/** Where the main revision is. */
export const AT_MAIN = 8;
/** Where the create revision is. */
export const AT_CREATE = 16;
/** Where the version is. */
export const AT_VERSION = 24;
/** Where the previous record's main revision is. */
export const AT_PREV_MAIN = 32;
/** Where the jump ancestor's main revision is. */
export const AT_JUMP_MAIN = 40;
/** Where the sub revision is. */
export const AT_SUB = 48;
/** Where the previous record's sub revision is. */
export const AT_PREV_SUB = 52;
/** Where the jump ancestor's sub revision is. */
export const AT_JUMP_SUB = 56;
/** Where the depth in the chain is. */
export const AT_DEPTH = 60;

/** The whole size of the record whose header begins at `offset`. */
export function recordBytes(view: DataView, offset: number): number {
  const keyField = view.getUint32(offset + AT_KEY_BYTES, true);
  return RECORD_HEADER_BYTES + (keyField & KEY_BYTES_MASK) +
    view.getUint32(offset + AT_VALUE_BYTES, true) + (keyField & LEASE_BIT ? LEASE_BYTES : 0);
}

/**
 * How far above its jump ancestor a record of this depth is: the weight of the last digit of the
 * depth written in skew-binary. A chain's first record has depth 0 and no ancestor.
 */
export function jumpLength(depth: number): number {
  let rest = depth;
  while (rest > 0) {
    const weight = 2 ** (31 - Math.clz32(rest + 1)) - 1;
    if (weight === rest) return weight;
    rest -= weight;
  }
  return 0;
}
