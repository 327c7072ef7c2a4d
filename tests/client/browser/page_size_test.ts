import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";

/** The client's share of a page: kilobytes are of 1,000 bytes. */
const PAGE_BYTES_MAX = 15_000;

/** What a visitor loads, as a server with gzip's best compression sends it. */
async function bundle(file: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--minify", "--platform", "browser", file],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("connect() brings a page no more than 15 kB, compressed", async () => {
  const script = await bundle(new URL("small_page.ts", import.meta.url).pathname);
  const { length } = gzipSync(script, { level: 9 });
  assert(length <= PAGE_BYTES_MAX, `${length} bytes are more than ${PAGE_BYTES_MAX}`);
  // What the page does not use is not there: words that only those parts say.
  const unused = {
    Lock: "waiters",
    Session: "session is lost",
    transact: "repeatable-reads",
    compare: '"=="',
    FetchTransport: "application/json",
  };
  const found = Object.entries(unused).filter(([, word]) => script.includes(word));
  assertEquals(found.map(([name]) => name), []);
});
