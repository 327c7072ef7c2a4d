import { equalBytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Machine } from "../machine/machine.ts";
import { encodeMemberAttributes } from "../machine/member_attributes.ts";
import { CommandKind } from "../machine/command.ts";
import type { CommandResult } from "../machine/result.ts";
import { ReplicaError } from "./errors.ts";
import type { ReplicaIdentity } from "./identity.ts";
import type { Attributes } from "./options.ts";

/** A publication that was refused is tried again after this long. */
const RETRY_MS = 1_000;

/** The part of a replica that publishing needs. */
interface Publisher {
  readonly machine: Machine;
  linearize(): Promise<void>;
  propose(kind: CommandKind, body: Uint8Array): Promise<CommandResult>;
}

/** Whether the members' table says of this replica what it says of itself. */
function isPublished(machine: Machine, identity: ReplicaIdentity, own: Attributes): boolean {
  const known = machine.members.get(identity.memberId);
  return known !== undefined && known.name === own.name &&
    equalBytes(known.instanceId, identity.instanceId) &&
    known.clientUrls.length === own.clientUrls.length &&
    known.clientUrls.every((url, i) => url === own.clientUrls[i]);
}

/**
 * Tells the cluster this replica's name, client addresses and storage instance, through the log. A
 * member counts as started once that is known. Ends when it is, or when the replica stops.
 */
export async function publishAttributes(
  replica: Publisher,
  identity: ReplicaIdentity,
  own: Attributes,
  clock: Clock,
): Promise<void> {
  const body = encodeMemberAttributes({
    id: identity.memberId,
    name: own.name,
    clientUrls: own.clientUrls,
    instanceId: identity.instanceId,
  });
  for (;;) {
    try {
      await replica.linearize();
      if (isPublished(replica.machine, identity, own)) return;
      await replica.propose(CommandKind.MemberAttributes, body);
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
      if (error.reason === "stopped" || error.reason === "removed") return;
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
}
