/** As much of ASN.1's distinguished encoding as certificates need. Ref: ITU-T X.690 §8, §10. */

import { concatBytes } from "../base/bytes.ts";

/** The tags of the types in use. */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** A value as its tag, its length and its content. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(contents);
  const { length } = content;
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return concatBytes([new Uint8Array(header), content]);
}

/** A value that was read. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Splits bytes into the values that stand one after another. @throws {RangeError} if they do not. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at];
    const short = bytes[at + 1];
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
    let length = lengthBytes === 0 ? short : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[at + 2 + i];
    const start = at + 2 + lengthBytes;
    if (!(start + length <= bytes.length)) throw new RangeError("these are no values in DER");
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}
