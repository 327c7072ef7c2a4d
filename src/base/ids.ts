/** Identifiers of 64 bits. They are `bigint` everywhere and hexadecimal for people. */

/** A replica's identity in its cluster, never zero. */
export type MemberId = bigint;
/** A cluster's identity. */
export type ClusterId = bigint;
/** A lease's identity; zero means "no lease". */
export type LeaseId = bigint;

/** No replica: an unknown leader, a vote not given. */
export const NO_MEMBER: MemberId = 0n;

/** An identifier as people read it: lower-case hexadecimal without leading zeros, as etcdctl has it. */
export function formatId(id: bigint): string {
  return id.toString(16);
}
