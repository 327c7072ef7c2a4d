import { AlarmAction, type AlarmRequest, type AlarmResponse } from "../proto/maintenance.ts";
import { AlarmType } from "./alarms.ts";
import type { MemberAttributes } from "./member_attributes.ts";
import type { MachineState, Outcome } from "./outcome.ts";

const ALARM_TYPES: readonly (AlarmType | undefined)[] = Object.values(AlarmType);

/** Lists, raises or clears alarms. Ref: etcd apply/apply.go, Alarm. */
export function applyAlarm(state: MachineState, request: AlarmRequest): Outcome {
  const { action, memberId } = request;
  const alarm = ALARM_TYPES[request.alarm];
  if (alarm === undefined) return "malformed command";
  const response: AlarmResponse = { alarms: [] };
  switch (action) {
    case AlarmAction.GET:
      response.alarms.push(...state.alarms.get(alarm));
      break;
    case AlarmAction.ACTIVATE:
      if (alarm !== AlarmType.None) response.alarms.push(state.alarms.activate(memberId, alarm));
      break;
    case AlarmAction.DEACTIVATE:
      if (state.alarms.deactivate(memberId, alarm)) response.alarms.push({ memberId, alarm });
      break;
    default:
      return "malformed command";
  }
  return response;
}

/** Notes a started member's name and addresses. */
export function applyMemberAttributes(state: MachineState, attributes: MemberAttributes): Outcome {
  return state.members.setAttributes(attributes) ?? {};
}
