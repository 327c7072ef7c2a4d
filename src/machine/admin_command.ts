import type { MemberId } from "../base/ids.ts";
import { encodeToBytes } from "../proto/codec.ts";
import { type Command, CommandKind } from "../proto/command.ts";
import { CompactionRequest } from "../proto/compaction.ts";
import { AlarmAction, AlarmRequest } from "../proto/maintenance.ts";
import type { AlarmType } from "./alarms.ts";

/** The command that gives up the history before a revision. */
export function compactCommand(revision: number): Command {
  const body = encodeToBytes(CompactionRequest, { revision, physical: false });
  return { kind: CommandKind.Compaction, body, identity: null };
}

/** The command that raises a member's alarm. */
export function raiseAlarmCommand(memberId: MemberId, alarm: AlarmType): Command {
  const body = encodeToBytes(AlarmRequest, { action: AlarmAction.ACTIVATE, memberId, alarm });
  return { kind: CommandKind.Alarm, body, identity: null };
}
