import { assertEquals } from "@std/assert";
import { AlarmTable, AlarmType } from "../../src/machine/alarms.ts";
import { restoredFrom, snapshotOf } from "./round_trip.ts";

Deno.test("AlarmTable keeps one alarm for each member and type, in one order", () => {
  const table = new AlarmTable();
  table.activate(2n, AlarmType.NoSpace);
  table.activate(1n, AlarmType.Corrupt);
  table.activate(1n, AlarmType.NoSpace);
  table.activate(2n, AlarmType.NoSpace);
  const all = [
    { memberId: 1n, alarm: AlarmType.NoSpace },
    { memberId: 2n, alarm: AlarmType.NoSpace },
    { memberId: 1n, alarm: AlarmType.Corrupt },
  ];
  assertEquals(table.get(AlarmType.None), all);
  assertEquals(table.get(AlarmType.Corrupt), all.slice(2));
  const other = new AlarmTable();
  for (const { memberId, alarm } of all.toReversed()) other.activate(memberId, alarm);
  assertEquals(snapshotOf(other), snapshotOf(table));
});

Deno.test("AlarmTable.deactivate() needs the exact member and type", () => {
  const table = new AlarmTable();
  table.activate(2n, AlarmType.NoSpace);
  assertEquals(table.deactivate(1n, AlarmType.NoSpace), false);
  assertEquals(table.deactivate(2n, AlarmType.Corrupt), false);
  assertEquals(restoredFrom(table, new AlarmTable()).has(AlarmType.NoSpace), true);
  assertEquals(table.deactivate(2n, AlarmType.NoSpace), true);
  assertEquals(table.has(AlarmType.NoSpace), false);
});
