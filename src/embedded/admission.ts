import { equalBytes } from "../base/bytes.ts";
import { formatId, type MemberId, NO_MEMBER } from "../base/ids.ts";
import type { MembersTable } from "../machine/members.ts";
import { CloseCode, type Refusal } from "../transport/close_code.ts";
import type { Hello } from "../transport/hello.ts";

/**
 * Why a replica of the right cluster may not come in, or null if it may.
 *
 * Safety: a member that lost its storage may have forgotten a vote or an acknowledgement, so it may
 * not come back under its old identity.
 *
 * @param leader Whom this replica follows, or `NO_MEMBER`.
 */
export function refusePeer(
  { from, storageId }: Hello,
  members: MembersTable,
  leader: MemberId,
): Refusal | null {
  if (members.wasRemoved(from)) {
    const reason = `member ${formatId(from)} was removed from the cluster; add it as a new one`;
    return { code: CloseCode.RemovedMember, reason };
  }
  const member = members.get(from);
  if (member === undefined) return refuseStranger(from, leader);
  const { instanceId } = member;
  if (instanceId.length > 0 && !equalBytes(instanceId, storageId)) {
    const reason = `member ${formatId(from)} lost its data; remove it and add it as a new one`;
    return { code: CloseCode.WrongStorage, reason };
  }
  return null;
}

/**
 * Members are added before they come, so a replica that is up to date knows them all. One that has
 * fallen behind need not: then it has no leader, or the stranger is the leader with the news.
 */
function refuseStranger(from: MemberId, leader: MemberId): Refusal | null {
  if (leader === NO_MEMBER || leader === from) return null;
  const reason = `member ${formatId(from)} is not in the cluster; add it first`;
  return { code: CloseCode.UnknownMember, reason };
}
