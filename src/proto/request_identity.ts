/** A client's name for one of its writes as text, for encodings that have no place of their own. */
import type { RequestIdentity } from "./command.ts";

/** The HTTP header that carries a request's identity. */
export const REQUEST_IDENTITY_HEADER = "kvorum-request-identity";

const FORM = /^([0-9a-f]{1,16})-([1-9][0-9]{0,15})$/;

/** The client's name in hexadecimal, a dash, and the number of the write. */
export function formatRequestIdentity({ client, sequence }: RequestIdentity): string {
  return `${client.toString(16)}-${sequence}`;
}

/** The identity in such a text, or null if it is none. */
export function parseRequestIdentity(text: string): RequestIdentity | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const client = BigInt(`0x${match[1]}`);
  const sequence = Number(match[2]);
  return client === 0n || !Number.isSafeInteger(sequence) ? null : { client, sequence };
}
