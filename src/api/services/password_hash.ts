import { encodeBase64 } from "../../proto/base64.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

/** How often the hash is taken: what a login costs, and each guess of who has stolen the hash. */
const ITERATIONS = 210_000;
const SALT_BYTES = 16;
const HASH_BITS = 512;

/**
 * A password's hash as text: PBKDF2 with HMAC-SHA-512 and a salt of its own, in the form that names its
 * parameters. Why not etcd's bcrypt: the Web platform has none. Ref: RFC 8018 §5.2.
 */
export async function hashPassword(password: string): Promise<string> {
  const bytes = encodeUtf8(password);
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const parameters = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ITERATIONS };
  const hash = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, HASH_BITS));
  return `$pbkdf2-sha512$i=${ITERATIONS}$${encodeBase64(salt)}$${encodeBase64(hash)}`;
}
