import { assertEquals } from "@std/assert";
import { SeededPrng } from "../../src/base/prng.ts";
import { Sha256 } from "../../src/base/sha256.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("Sha256 gives the digests of FIPS 180-4's examples", () => {
  const digest = (text: string) =>
    hex(new Sha256().update(new TextEncoder().encode(text)).digest());
  assertEquals(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assertEquals(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(
    digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

Deno.test("Sha256 agrees with the platform on every length around a block, in any pieces", async () => {
  const prng = new SeededPrng(5);
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, () => prng.between(0, 256));
    const hash = new Sha256();
    for (let at = 0; at < length;) {
      const end = Math.min(length, at + prng.between(1, 90));
      hash.update(bytes.subarray(at, end));
      at = end;
    }
    const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    assertEquals(hash.digest(), expected, `${length} bytes`);
  }
});
