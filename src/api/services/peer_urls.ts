import { compareBytes, concatBytes } from "../../base/bytes.ts";
import type { MemberId } from "../../base/ids.ts";
import { rpcError } from "../errors.ts";

const encoder = new TextEncoder();

/**
 * The peer URLs of a request in etcd's order: each of a web server's root, with its port.
 * @throws {RpcError} if one of them is something else, or if there is none
 */
export function checkPeerUrls(urls: readonly string[]): string[] {
  const checked = urls.map((url) => url.trim()).sort();
  if (checked.length === 0 || !checked.every(isPeerUrl)) throw rpcError("bad member urls");
  return checked;
}

/** Ref: etcd client/pkg/types/urls.go. The host's port must be written out. */
function isPeerUrl(text: string): boolean {
  const match = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[^/:?#@[\]]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[2]) <= 65_535;
}

/**
 * The identity of a member that is added now, as etcd computes it: SHA-1 over its sorted peer URLs
 * and the seconds since 1970. Ref: etcd membership/member.go.
 */
export async function newMemberId(peerUrls: readonly string[], wallMs: number): Promise<MemberId> {
  const parts = peerUrls.map((url) => encoder.encode(url)).sort(compareBytes);
  parts.push(encoder.encode(String(Math.floor(wallMs / 1_000))));
  const digest = await crypto.subtle.digest("SHA-1", new Uint8Array(concatBytes(parts)));
  return new DataView(digest).getBigUint64(0);
}
