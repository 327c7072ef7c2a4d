import { type ClusterId, formatId, type MemberId } from "../base/ids.ts";
import type { Replica } from "../replica/replica.ts";

/** Where the peer port says who is in the cluster, for a replica that wants to join. */
export const MEMBERS_PATH = "/kvorum/members";

/** A cluster as one of its members sees it. */
export interface MemberList {
  readonly clusterId: ClusterId;
  readonly members: readonly {
    readonly id: MemberId;
    readonly name: string;
    readonly peerUrls: readonly string[];
  }[];
}

/** Says who is in the cluster. Identifiers are hexadecimal, as etcd's tools print them. */
export function memberListResponse({ clusterId, machine }: Replica): Response {
  return Response.json({
    cluster_id: formatId(clusterId),
    members: machine.members.list().map(({ id, name, peerUrls }) => ({
      id: formatId(id),
      name,
      peer_urls: peerUrls,
    })),
  });
}

/** Reads what {@linkcode memberListResponse} said. Null for anything else. */
export function parseMemberList(json: unknown): MemberList | null {
  const { cluster_id: clusterId, members } = Object(json) as Record<string, unknown>;
  if (!isId(clusterId) || !Array.isArray(members)) return null;
  const parsed: MemberList["members"][number][] = [];
  for (const member of members) {
    const { id, name, peer_urls: peerUrls } = Object(member) as Record<string, unknown>;
    const isWhole = isId(id) && typeof name === "string" && Array.isArray(peerUrls) &&
      peerUrls.every((url) => typeof url === "string");
    if (!isWhole) return null;
    parsed.push({ id: BigInt(`0x${id}`), name, peerUrls });
  }
  return { clusterId: BigInt(`0x${clusterId}`), members: parsed };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{1,16}$/.test(value);
}
