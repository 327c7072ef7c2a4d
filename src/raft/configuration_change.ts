import { unreachable } from "../base/assert.ts";
import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { MemberId } from "../base/ids.ts";
import { type Configuration, isJoint, sortedIds } from "./configuration.ts";

const FORMAT_VERSION = 1;
const KINDS = ["addVoter", "addLearner", "remove"] as const;
const TRANSITIONS = ["auto", "joint", "jointExplicit"] as const;

/** What happens to one member; adding a voter that is a learner promotes it, and the reverse. */
export interface MemberChange {
  readonly kind: typeof KINDS[number];
  readonly id: MemberId;
}

/**
 * How a change is made. *auto*: in one step if at most one voter changes, else joint. *joint*: through
 * a joint configuration, which the leader leaves by itself. *jointExplicit*: the same, but it is left
 * only when somebody proposes {@linkcode LEAVE_JOINT}.
 */
export type Transition = typeof TRANSITIONS[number];

/** The content of an entry of kind Configuration. Without changes it leaves a joint configuration. */
export interface ConfigurationChange {
  readonly changes: readonly MemberChange[];
  readonly transition: Transition;
  /** What the replica wants to travel with the change, such as addresses. */
  readonly context: Uint8Array;
}

/** Why a change cannot be made from a configuration. */
export type ConfigurationRefusal = "joint" | "notJoint" | "noVoters";

/** Leaves the joint configuration. */
export const LEAVE_JOINT: ConfigurationChange = {
  changes: [],
  transition: "auto",
  context: EMPTY_BYTES,
};

/**
 * The configuration after a change, or why there is none. Safety: in one step at most one voter comes
 * or goes, so that majorities before and after meet (thesis §4.1); everything else is joint (§4.3).
 */
export function changeConfiguration(
  configuration: Configuration,
  change: ConfigurationChange,
): Configuration | ConfigurationRefusal {
  if (change.changes.length === 0) {
    return isJoint(configuration) ? leaveJoint(configuration) : "notJoint";
  }
  if (isJoint(configuration)) return "joint";
  const simple = edit(configuration, change.changes, []);
  if (simple.voters.length === 0) return "noVoters";
  if (change.transition === "auto" && votersChanged(configuration, simple) <= 1) return simple;
  return {
    ...edit(configuration, change.changes, configuration.voters),
    autoLeave: change.transition !== "jointExplicit",
  };
}

function leaveJoint(configuration: Configuration): Configuration {
  return {
    voters: configuration.voters,
    outgoing: [],
    learners: sortedIds([...configuration.learners, ...configuration.learnersNext]),
    learnersNext: [],
    autoLeave: false,
  };
}

function edit(
  configuration: Configuration,
  changes: readonly MemberChange[],
  outgoing: readonly MemberId[],
): Configuration {
  const voters = new Set(configuration.voters);
  const learners = new Set(configuration.learners);
  const learnersNext = new Set<MemberId>();
  for (const { kind, id } of changes) {
    voters.delete(id);
    learners.delete(id);
    learnersNext.delete(id);
    switch (kind) {
      case "addVoter":
        voters.add(id);
        break;
      case "addLearner":
        // Who still votes in the outgoing half becomes a learner only when that is left.
        (outgoing.includes(id) ? learnersNext : learners).add(id);
        break;
      case "remove":
        break;
      default:
        unreachable(kind, "a change of a member");
    }
  }
  return {
    voters: sortedIds(voters),
    outgoing,
    learners: sortedIds(learners),
    learnersNext: sortedIds(learnersNext),
    autoLeave: false,
  };
}

function votersChanged(before: Configuration, after: Configuration): number {
  return before.voters.filter((id) => !after.voters.includes(id)).length +
    after.voters.filter((id) => !before.voters.includes(id)).length;
}

/** The change as the payload of an entry. */
export function encodeConfigurationChange(change: ConfigurationChange): Uint8Array {
  const writer = new ByteWriter(64);
  writer.byte(FORMAT_VERSION);
  writer.byte(TRANSITIONS.indexOf(change.transition));
  writer.varint(change.changes.length);
  for (const { kind, id } of change.changes) {
    writer.byte(KINDS.indexOf(kind));
    writer.uint64(id);
  }
  writer.bytes(change.context);
  return writer.copy();
}

/**
 * The change that the payload of an entry holds.
 *
 * @throws {MalformedBytesError} If the bytes are not such a payload, or of a newer version.
 */
export function decodeConfigurationChange(bytes: Uint8Array): ConfigurationChange {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== FORMAT_VERSION) {
    throw new MalformedBytesError(`Cannot read a configuration change of version ${version}`);
  }
  const transition = named(TRANSITIONS, reader.byte(), "transition");
  const count = reader.varint();
  const changes: MemberChange[] = [];
  for (let i = 0; i < count; i++) {
    changes.push({ kind: named(KINDS, reader.byte(), "kind"), id: reader.uint64() });
  }
  const context = reader.bytes().slice();
  if (reader.remaining > 0) {
    throw new MalformedBytesError(`A configuration change has ${reader.remaining} bytes too many`);
  }
  return { changes, transition, context };
}

function named<T extends string>(names: readonly T[], number: number, what: string): T {
  const name = names[number];
  if (name === undefined) {
    throw new MalformedBytesError(`A configuration change has the unknown ${what} ${number}`);
  }
  return name;
}
