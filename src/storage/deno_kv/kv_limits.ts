/** The largest value that Deno KV takes: the size of a page. */
export const VALUE_BYTES_MAX = 65_536;
/**
 * Pages in one atomic commit. Deno KV takes 819,200 bytes, keys included, and 1000 mutations: twelve
 * pages leave 32 KiB for keys and small values.
 */
export const COMMIT_PAGES_MAX = 12;
/** Keys removed in one commit, so that appends wait behind a commit only for a moment. */
export const COMMIT_REMOVALS_MAX = 256;
/** Pages of one object: replacing it removes all of the old one's pages in one commit. */
export const OBJECT_PAGES_MAX = 512;

/** Cuts bytes into pages, without copying them. */
export function pagesOf(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length <= VALUE_BYTES_MAX) return [bytes];
  const pages: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += VALUE_BYTES_MAX) {
    pages.push(bytes.subarray(offset, offset + VALUE_BYTES_MAX));
  }
  return pages;
}
