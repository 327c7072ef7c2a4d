/** A text of characters up to U+00FF, a byte each, as bytes are written in JSON. */
export const base64: (text: string) => string = btoa;

/**
 * Few keys, so that requests meet; with shared prefixes and the ends of the alphabet. Invariant: at
 * most 12 with the sentinel. Why: from 13 on, etcd's sort leaves equal elements in no given order.
 */
export const KEYS: readonly string[] = [
  ...["a", "aa", "a\0", "ab", "b", "ba", "c", "\0", "\xff", "\xff\xff"],
].map(base64);

/** A key that only the runner writes; every range over all keys has it. */
export const SENTINEL_KEY: string = base64("~");

/** The range end that means every key from the first one on. */
export const FROM_KEY: string = base64("\0");
