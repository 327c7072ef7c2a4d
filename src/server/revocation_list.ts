import { type DerValue, readDer, Tag } from "./der.ts";

/**
 * The serial numbers of the certificates that a list revokes, in lower-case hexadecimal without
 * leading zeros. As etcd does, this believes the file whoever has signed it.
 *
 * Ref: RFC 5280 §5.1.
 *
 * @throws {RangeError} unless the bytes are a list in DER, or in PEM.
 */
export function revokedSerials(bytes: Uint8Array): Set<string> {
  const [list] = readDer(fromPem(bytes));
  const [signed] = readDer(list?.content ?? new Uint8Array());
  if (signed?.tag !== Tag.Sequence) throw new RangeError("this is no list of revoked certificates");
  const fields = readDer(signed.content);
  // The version may be missing; after it come the algorithm, the issuer, and one or two times.
  const times = fields.findLastIndex(isTime);
  const revoked = fields[times + 1];
  const serials = new Set<string>();
  if (times < 0 || revoked?.tag !== Tag.Sequence) return serials;
  for (const { content } of readDer(revoked.content)) {
    const [serial] = readDer(content);
    serials.add(normalSerial(serial.content.toHex()));
  }
  return serials;
}

/** A serial number in hexadecimal as it is compared. */
export function normalSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, "");
}

function isTime({ tag }: DerValue): boolean {
  return tag === Tag.UtcTime || tag === Tag.GeneralizedTime;
}

function fromPem(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const [, base64] = /-----BEGIN X509 CRL-----([\s\S]*?)-----END/.exec(text) ?? [];
  return base64 === undefined ? bytes : Uint8Array.fromBase64(base64);
}
