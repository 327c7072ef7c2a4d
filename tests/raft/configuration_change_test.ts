import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import { type Configuration, configurationOf } from "../../src/raft/configuration.ts";
import {
  changeConfiguration,
  type ConfigurationChange,
  decodeConfigurationChange,
  encodeConfigurationChange,
  LEAVE_JOINT,
  type MemberChange,
} from "../../src/raft/configuration_change.ts";
import { change } from "./harness/builders.ts";

const THREE = configurationOf([1n, 2n, 3n]);

/** Changes as words: +4 adds a voter, ?4 a learner, -4 removes. */
function changes(words: string): MemberChange[] {
  const kinds = { "+": "addVoter", "?": "addLearner", "-": "remove" } as const;
  return words.split(" ").map((word) => ({
    kind: kinds[word[0] as "+"],
    id: BigInt(word.slice(1)),
  }));
}

/** A configuration as text: voters & outgoing, then learners, then learners to be. */
function show(configuration: Configuration | string): string {
  if (typeof configuration === "string") return configuration;
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  let text = voters.join(" ");
  if (outgoing.length > 0) text += ` & ${outgoing.join(" ")}`;
  if (learners.length > 0) text += `, learners ${learners.join(" ")}`;
  if (learnersNext.length > 0) text += `, then learners ${learnersNext.join(" ")}`;
  return autoLeave ? `${text}, auto` : text;
}

Deno.test("changeConfiguration() changes one voter at once and more through a joint configuration", () => {
  const rows: [string, string][] = [
    ["+4", "1 2 3 4"],
    ["-3", "1 2"],
    ["?4", "1 2 3, learners 4"],
    ["?4 ?5", "1 2 3, learners 4 5"],
    ["?3", "1 2, learners 3"],
    ["+1", "1 2 3"],
    ["-9", "1 2 3"],
    ["+4 -3", "1 2 4 & 1 2 3, auto"],
    ["+4 +5", "1 2 3 4 5 & 1 2 3, auto"],
    ["?3 +4", "1 2 4 & 1 2 3, then learners 3, auto"],
    ["?2 ?3", "1 & 1 2 3, then learners 2 3, auto"],
    ["+4 -4", "1 2 3"],
    ["-1 -2 -3", "noVoters"],
  ];
  for (const [words, expected] of rows) {
    assertEquals(show(changeConfiguration(THREE, change(changes(words)))), expected, words);
  }
});

Deno.test("changeConfiguration() is joint when asked to be, and left as asked", () => {
  const auto = changeConfiguration(THREE, change(changes("+4"), "joint"));
  assertEquals(show(auto), "1 2 3 4 & 1 2 3, auto");
  const explicit = changeConfiguration(THREE, change(changes("+4"), "jointExplicit"));
  assertEquals(show(explicit), "1 2 3 4 & 1 2 3");
});

Deno.test("changeConfiguration() leaves a joint configuration before anything else", () => {
  const joint = changeConfiguration(THREE, change(changes("?3 +4 ?5")));
  assert(typeof joint !== "string");
  assertEquals(show(joint), "1 2 4 & 1 2 3, learners 5, then learners 3, auto");
  assertEquals(show(changeConfiguration(joint, change(changes("+6")))), "joint");
  assertEquals(show(changeConfiguration(joint, LEAVE_JOINT)), "1 2 4, learners 3 5");
  assertEquals(show(changeConfiguration(THREE, LEAVE_JOINT)), "notJoint");
});

Deno.test("changeConfiguration() promotes learners and keeps them apart from voters", () => {
  const learner = changeConfiguration(THREE, change(changes("?4")));
  assert(typeof learner !== "string");
  assertEquals(show(changeConfiguration(learner, change(changes("+4")))), "1 2 3 4");
});

const memberChange: fc.Arbitrary<MemberChange> = fc.record({
  kind: fc.constantFrom("addVoter" as const, "addLearner" as const, "remove" as const),
  id: fc.bigInt(1n, 6n),
});
const anyChange: fc.Arbitrary<ConfigurationChange> = fc.record({
  changes: fc.array(memberChange, { maxLength: 5 }),
  transition: fc.constantFrom("auto" as const, "joint" as const, "jointExplicit" as const),
  context: fc.uint8Array({ maxLength: 20 }),
});

Deno.test("changeConfiguration() keeps every configuration well formed and quorums meeting", () => {
  fc.assert(fc.property(fc.array(anyChange, { maxLength: 12 }), (sequence) => {
    let now: Configuration = THREE;
    for (const step of sequence) {
      const next = changeConfiguration(now, step);
      if (typeof next === "string") continue;
      const { voters, outgoing, learners, learnersNext, autoLeave } = next;
      for (const list of [voters, outgoing, learners, learnersNext]) {
        assertEquals([...new Set(list)].sort(), [...list], "sorted, without duplicates");
      }
      assert(voters.length > 0);
      assert(learners.every((id) => !voters.includes(id) && !outgoing.includes(id)));
      assert(learnersNext.every((id) => outgoing.includes(id) && !voters.includes(id)));
      assert(outgoing.length > 0 || !autoLeave);
      assert(everyQuorumMeets(now, next), `${show(now)} and ${show(next)} can decide apart`);
      now = next;
    }
  }));
});

/** Whether no set of members and its complement can be quorums of the two configurations. */
function everyQuorumMeets(a: Configuration, b: Configuration): boolean {
  for (let set = 0; set < 64; set++) {
    const inside = (id: bigint) => ((set >> (Number(id) - 1)) & 1) === 1;
    if (isQuorum(a, inside) && isQuorum(b, (id) => !inside(id))) return false;
  }
  return true;
}

function isQuorum(
  { voters, outgoing }: Configuration,
  has: (id: bigint) => boolean,
): boolean {
  const majority = (ids: readonly bigint[]) => ids.filter(has).length * 2 > ids.length;
  return majority(voters) && (outgoing.length === 0 || majority(outgoing));
}

Deno.test("encodeConfigurationChange() is undone by decodeConfigurationChange()", () => {
  fc.assert(fc.property(anyChange, (made) => {
    assertEquals(decodeConfigurationChange(encodeConfigurationChange(made)), made);
  }));
});

Deno.test("decodeConfigurationChange() refuses what is cut off, too long or unknown", () => {
  const bytes = encodeConfigurationChange(change(changes("+4 -3")));
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => decodeConfigurationChange(bytes.subarray(0, length)), MalformedBytesError);
  }
  const longer = new Uint8Array([...bytes, 0]);
  assertThrows(() => decodeConfigurationChange(longer), MalformedBytesError, "too many");
  for (const position of [0, 1, 3]) {
    const damaged = bytes.slice();
    damaged[position] = 9;
    assertThrows(() => decodeConfigurationChange(damaged), MalformedBytesError);
  }
});
