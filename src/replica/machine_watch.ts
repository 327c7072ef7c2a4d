import type { ActiveAlarm } from "../machine/alarms.ts";
import { AlarmType } from "../machine/alarms.ts";
import type { Machine } from "../machine/machine.ts";
import type { ReplicaEvent } from "./status.ts";

/** Tells what entries have changed in the machine that an operator wants to see. */
export class MachineWatch {
  readonly #machine: Machine;
  readonly #onEvent: (event: ReplicaEvent) => void;
  #alarms: readonly ActiveAlarm[];
  #compactRevision: number;
  #isCompacting: boolean;

  constructor(machine: Machine, onEvent: (event: ReplicaEvent) => void) {
    this.#machine = machine;
    this.#onEvent = onEvent;
    this.#alarms = machine.alarms.get(AlarmType.None);
    this.#compactRevision = machine.store.compactRevision;
    this.#isCompacting = machine.isCompacting;
  }

  /** Compares the machine with how it was the last time. */
  look(): void {
    const { store, isCompacting } = this.#machine;
    const { compactRevision } = store;
    if (compactRevision !== this.#compactRevision) {
      this.#compactRevision = compactRevision;
      this.#onEvent({ type: "compacted", revision: compactRevision });
      // A small store has its space back before anybody can look.
      this.#isCompacting = true;
    }
    if (this.#isCompacting && !isCompacting) {
      const { bytesInUse, bytesTotal } = store;
      this.#onEvent({ type: "spaceFreed", revision: compactRevision, bytesInUse, bytesTotal });
    }
    this.#isCompacting = isCompacting;
    this.#lookAtAlarms();
  }

  #lookAtAlarms(): void {
    const alarms = this.#machine.alarms.get(AlarmType.None);
    if (alarms.length === 0 && this.#alarms.length === 0) return;
    for (const { memberId, alarm } of without(alarms, this.#alarms)) {
      this.#onEvent({ type: "alarmRaised", memberId, alarm });
    }
    for (const { memberId, alarm } of without(this.#alarms, alarms)) {
      this.#onEvent({ type: "alarmCleared", memberId, alarm });
    }
    this.#alarms = alarms;
  }
}

function without(alarms: readonly ActiveAlarm[], others: readonly ActiveAlarm[]): ActiveAlarm[] {
  return alarms.filter(({ memberId, alarm }) =>
    !others.some((other) => other.memberId === memberId && other.alarm === alarm)
  );
}
