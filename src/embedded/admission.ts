import { equalBytes } from "../base/bytes.ts";
import { formatId } from "../base/ids.ts";
import type { MembersTable } from "../machine/members.ts";
import { CloseCode, type Refusal } from "../transport/close_code.ts";
import type { Hello } from "../transport/hello.ts";

/**
 * Whether a peer of the right cluster may connect: null, or why not.
 *
 * Safety: a member that was removed must not vote, and one that lost its storage may have forgotten a
 * vote or an acknowledgement, so it may not come back under its old identity.
 */
export function admission(members: MembersTable, { from, storageId }: Hello): Refusal | null {
  if (members.wasRemoved(from)) {
    const reason = `member ${formatId(from)} was removed from the cluster; add it as a new one`;
    return { code: CloseCode.RemovedMember, reason };
  }
  const known = members.get(from)?.instanceId;
  if (known !== undefined && known.length > 0 && !equalBytes(known, storageId)) {
    const reason = `member ${formatId(from)} lost its data; remove it and add it as a new one`;
    return { code: CloseCode.WrongStorage, reason };
  }
  return null;
}
