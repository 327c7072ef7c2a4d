import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ByteReader, MalformedBytesError } from "../../src/base/byte_reader.ts";
import {
  decodeMemberAttributes,
  encodeMemberAttributes,
} from "../../src/machine/member_attributes.ts";
import { isStarted, type Member } from "../../src/machine/member.ts";
import {
  decodeMembershipChanges,
  encodeMembershipChanges,
  type MembershipChange,
  NO_INSTANCE,
} from "../../src/machine/membership_change.ts";
import { MembersTable } from "../../src/machine/members.ts";
import { restoredFrom, snapshotOf } from "./round_trip.ts";

const url = (id: bigint) => `http://replica-${id}:2380`;

function member(id: bigint, fields: Partial<Member> = {}): Member {
  return {
    id,
    name: "",
    peerUrls: [url(id)],
    clientUrls: [],
    isLearner: false,
    instanceId: NO_INSTANCE,
    ...fields,
  };
}

function three(): MembersTable {
  const table = new MembersTable();
  table.bootstrap([member(0xffff_ffff_ffff_ffffn), member(2n), member(1n)]);
  return table;
}

const add = (id: bigint, peerUrls = [url(id)]): MembershipChange => ({
  kind: "add",
  id,
  peerUrls,
  instanceId: NO_INSTANCE,
});

const addLearner = (id: bigint, learnersMax: number): MembershipChange => ({
  kind: "addLearner",
  id,
  peerUrls: [url(id)],
  instanceId: NO_INSTANCE,
  learnersMax,
});

Deno.test("MembersTable.list() is sorted by id, unsigned", () => {
  assertEquals(three().list().map(({ id }) => id), [1n, 2n, 0xffff_ffff_ffff_ffffn]);
});

Deno.test("MembersTable.apply() adds, updates, promotes and removes", () => {
  const table = three();
  assertEquals(table.apply(add(4n)), null);
  assertEquals(table.apply(addLearner(5n, 1)), null);
  assertEquals(table.apply({ kind: "update", id: 2n, peerUrls: ["http://elsewhere:1"] }), null);
  assertEquals(table.apply({ kind: "promote", id: 5n }), null);
  assertEquals(table.apply({ kind: "remove", id: 1n }), null);
  assertEquals(table.list(), [
    member(2n, { peerUrls: ["http://elsewhere:1"] }),
    member(4n),
    member(5n),
    member(0xffff_ffff_ffff_ffffn),
  ]);
  assertEquals([table.wasRemoved(1n), table.wasRemoved(2n)], [true, false]);
});

Deno.test("MembersTable.apply() counts learners that nobody can dial apart from the others", () => {
  const table = three();
  const undialled = (id: bigint): MembershipChange => ({
    kind: "addLearner",
    id,
    peerUrls: [],
    instanceId: NO_INSTANCE,
    learnersMax: 2,
  });
  assertEquals(table.apply(undialled(5n)), null);
  assertEquals(table.apply(undialled(6n)), null);
  assertEquals(table.apply(undialled(7n)), "too many learners");
  assertEquals(table.apply(addLearner(8n, 1)), null);
  assertEquals(table.apply(addLearner(9n, 1)), "too many learners");
});

Deno.test("MembersTable.apply() says why a change cannot be made, and makes none of it", () => {
  const table = three();
  table.apply(addLearner(9n, 1));
  table.apply({ kind: "remove", id: 1n });
  const before = snapshotOf(table);
  const refused: [MembershipChange, string][] = [
    [add(2n), "member exists"],
    [add(1n), "member not found"],
    [add(7n, [url(7n), url(2n)]), "peer url exists"],
    [addLearner(7n, 1), "too many learners"],
    [{ kind: "remove", id: 1n }, "member not found"],
    [{ kind: "promote", id: 7n }, "member not found"],
    [{ kind: "promote", id: 2n }, "not a learner"],
    [{ kind: "update", id: 7n, peerUrls: [] }, "member not found"],
    [{ kind: "update", id: 2n, peerUrls: [url(9n)] }, "peer url exists"],
  ];
  for (const [change, reason] of refused) assertEquals(table.apply(change), reason);
  assertEquals(snapshotOf(table), before);
  assertEquals(table.check({ kind: "update", id: 2n, peerUrls: [url(2n), url(1n)] }), null);
});

Deno.test("MembersTable.setAttributes() notes what a started member says of itself", () => {
  const table = three();
  const attributes = {
    id: 2n,
    name: "zwölf",
    clientUrls: ["http://a:2379"],
    instanceId: new Uint8Array(16).fill(7),
  };
  assertEquals(isStarted(table.get(2n) as Member), false);
  assertEquals(
    table.setAttributes(decodeMemberAttributes(encodeMemberAttributes(attributes))),
    null,
  );
  assertEquals(table.get(2n), member(2n, attributes));
  assertEquals(isStarted(table.get(2n) as Member), true);
  assertEquals(table.setAttributes({ ...attributes, id: 7n }), "member not found");
});

Deno.test("MembersTable.restore() gives back members and removed ids", () => {
  const table = three();
  table.apply({ kind: "remove", id: 1n });
  table.setAttributes({
    id: 2n,
    name: "two",
    clientUrls: ["http://a:1", "http://b:1"],
    instanceId: new Uint8Array(16).fill(1),
  });
  const copy = restoredFrom(table, three());
  assertEquals(copy.list(), table.list());
  assertEquals(copy.apply(add(1n)), "member not found");
  const cut = snapshotOf(table).subarray(0, 20);
  assertThrows(() => three().restore(new ByteReader(cut)), MalformedBytesError);
});

const plain = (change: MembershipChange) => ({ ...change });

Deno.test("MembersTable.checkAll() refuses all changes for one, and keeps who leaves until then", () => {
  const table = three();
  const before = snapshotOf(table);
  assertEquals(table.checkAll([add(4n), { kind: "remove", id: 1n }, add(5n)]), null);
  assertEquals(table.checkAll([add(4n), { kind: "remove", id: 7n }]), "member not found");
  assertEquals(table.checkAll([add(4n), add(5n, [url(4n)])]), "peer url exists");
  assertEquals(table.checkAll([{ kind: "remove", id: 1n }, add(4n, [url(1n)])]), "peer url exists");
  assertEquals(snapshotOf(table), before);
});

Deno.test("decodeMembershipChanges() reads what encodeMembershipChanges() wrote", () => {
  const id = fc.bigInt(1n, 0xffff_ffff_ffff_ffffn);
  const peerUrls = fc.array(fc.string(), { maxLength: 3 });
  const instanceId = fc.constantFrom(NO_INSTANCE, new Uint8Array(16).fill(3));
  const learnersMax = fc.nat(100);
  const change: fc.Arbitrary<MembershipChange> = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), id, peerUrls, instanceId }),
    fc.record({
      kind: fc.constant("addLearner" as const),
      id,
      peerUrls,
      instanceId,
      learnersMax,
    }),
    fc.record({ kind: fc.constantFrom("remove" as const, "promote" as const), id }),
    fc.record({ kind: fc.constant("update" as const), id, peerUrls }),
  );
  fc.assert(
    fc.property(change, change, (change, other) => {
      const bytes = encodeMembershipChanges([change]);
      const both = encodeMembershipChanges([change, other]);
      assertEquals(decodeMembershipChanges(both).map(plain), [change, other].map(plain));
      for (let cut = 0; cut < both.length; cut++) {
        if (cut === bytes.length) continue;
        assertThrows(() => decodeMembershipChanges(both.subarray(0, cut)), MalformedBytesError);
      }
    }),
    { numRuns: 20 },
  );
});
