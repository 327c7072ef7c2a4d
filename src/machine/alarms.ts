import type { ByteReader } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";

/** What can be wrong, with etcd's numbers. */
export const AlarmType = {
  /** Any, when asking. */
  None: 0,
  /** A replica's storage reached its quota: nothing may be put. */
  NoSpace: 1,
  /** Replicas disagree about the data: nothing may be written. */
  Corrupt: 2,
} as const;
/** One of the values of {@linkcode AlarmType}. */
export type AlarmType = typeof AlarmType[keyof typeof AlarmType];

/** One replica's alarm. */
export interface ActiveAlarm {
  readonly memberId: MemberId;
  readonly alarm: AlarmType;
}

/**
 * The alarms that are on. They are raised and cleared through the log, so every replica refuses the
 * same writes at the same place in it; whoever notices a full disk only proposes the alarm.
 *
 * Invariant: sorted by type, then by member, without duplicates.
 */
export class AlarmTable {
  #active: ActiveAlarm[] = [];

  /** Whether some replica has an alarm of this type. */
  has(alarm: AlarmType): boolean {
    return this.#active.length > 0 && this.#active.some((active) => active.alarm === alarm);
  }

  /** The alarms of one type, or of all types for {@linkcode AlarmType.None}. */
  get(alarm: AlarmType): ActiveAlarm[] {
    return this.#active.filter((active) => alarm === AlarmType.None || active.alarm === alarm);
  }

  /** Raises an alarm and gives it; it may be on already. */
  activate(memberId: MemberId, alarm: AlarmType): ActiveAlarm {
    const found = this.#active.find((active) => same(active, memberId, alarm));
    if (found !== undefined) return found;
    const raised = { memberId, alarm };
    this.#active.push(raised);
    this.#active.sort((a, b) => a.alarm - b.alarm || (a.memberId < b.memberId ? -1 : 1));
    return raised;
  }

  /** Clears exactly this alarm; false if it was not on. */
  deactivate(memberId: MemberId, alarm: AlarmType): boolean {
    const count = this.#active.length;
    this.#active = this.#active.filter((active) => !same(active, memberId, alarm));
    return this.#active.length < count;
  }

  /** Clears all alarms. */
  clear(): void {
    this.#active = [];
  }

  /** Writes the whole table. */
  snapshot(writer: ByteWriter): void {
    writer.varint(this.#active.length);
    for (const { memberId, alarm } of this.#active) {
      writer.uint64(memberId);
      writer.varint(alarm);
    }
  }

  /** Replaces the table by what `snapshot` wrote. */
  restore(reader: ByteReader): void {
    this.clear();
    for (let left = reader.varint(); left > 0; left--) {
      this.activate(reader.uint64(), reader.varint() as AlarmType);
    }
  }
}

function same(active: ActiveAlarm, memberId: MemberId, alarm: AlarmType): boolean {
  return active.memberId === memberId && active.alarm === alarm;
}
