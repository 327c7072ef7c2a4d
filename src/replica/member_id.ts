import { compareBytes, concatBytes } from "../base/bytes.ts";
import type { ClusterId, MemberId } from "../base/ids.ts";

const encoder = new TextEncoder();

async function first8(bytes: Uint8Array<ArrayBuffer>): Promise<bigint> {
  const digest = await crypto.subtle.digest("SHA-1", bytes);
  return new DataView(digest).getBigUint64(0);
}

/**
 * The identity of a member of a new cluster, as etcd computes it, so that tools that know the
 * addresses know the identity: SHA-1 over the sorted peer URLs and the cluster's token.
 *
 * Ref: etcd server/etcdserver/api/membership/member.go.
 */
export function memberIdOf(peerUrls: readonly string[], clusterToken: string): Promise<MemberId> {
  const urls = peerUrls.map((url) => encoder.encode(url)).sort(compareBytes);
  return first8(ownBytes([...urls, encoder.encode(clusterToken)]));
}

/** The identity of a cluster: SHA-1 over its first members' identities in ascending order. */
export function clusterIdOf(memberIds: readonly MemberId[]): Promise<ClusterId> {
  const sorted = [...memberIds].sort((a, b) => (a < b ? -1 : 1));
  const view = new DataView(new ArrayBuffer(8 * sorted.length));
  sorted.forEach((id, i) => view.setBigUint64(8 * i, id));
  return first8(new Uint8Array(view.buffer));
}

function ownBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(concatBytes(parts));
}
