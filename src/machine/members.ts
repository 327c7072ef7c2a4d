import { assert } from "../base/assert.ts";
import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import { formatId, type MemberId } from "../base/ids.ts";
import { type Member, readMember, writeMember } from "./member.ts";
import type { MemberAttributes } from "./member_attributes.ts";
import type { MembershipChange } from "./membership_change.ts";
import type { Reason } from "./result.ts";

/**
 * Who is in the cluster, with names and addresses. Raft's configuration says who votes; this table is
 * what people see and what peers dial, and it changes by the same log entries.
 *
 * Invariant: ids that were removed are remembered for ever and never come back, because a replica
 * that lost its place may still hold votes and entries under the old name.
 */
export class MembersTable {
  readonly #members = new Map<MemberId, Member>();
  readonly #removed = new Set<MemberId>();

  /** How many members there are. */
  get size(): number {
    return this.#members.size;
  }

  /** All members by ascending id. */
  list(): Member[] {
    return [...this.#members.values()].sort((a, b) => compareIds(a.id, b.id));
  }

  /** The member with that id. */
  get(id: MemberId): Member | undefined {
    return this.#members.get(id);
  }

  /** Whether a member had this id and was removed. */
  wasRemoved(id: MemberId): boolean {
    return this.#removed.has(id);
  }

  /** Sets the members of a new cluster. */
  bootstrap(members: readonly Member[]): void {
    assert(this.#members.size === 0, "MembersTable can be bootstrapped only while it is empty");
    for (const member of members) this.#set(member);
  }

  /** Forgets all members, the removed ones, too. */
  clear(): void {
    this.#members.clear();
    this.#removed.clear();
  }

  /** Why `change` cannot be made now, or null if it can. */
  check(change: MembershipChange): Reason | null {
    switch (change.kind) {
      case "add":
      case "addLearner":
        return this.#checkAdd(change);
      case "remove":
        return this.#checkKnown(change.id);
      case "promote":
        return this.#checkKnown(change.id) ??
          (this.#members.get(change.id)?.isLearner === true ? null : "not a learner");
      case "update":
        return this.#checkKnown(change.id) ?? this.#checkUrls(change.id, change.peerUrls);
    }
  }

  /**
   * Why `changes` cannot be made together, or null if they can. Who leaves is a member until all is
   * done, so its addresses are still taken.
   */
  checkAll(changes: readonly MembershipChange[]): Reason | null {
    const trial = new MembersTable();
    for (const member of this.#members.values()) trial.#set(member);
    for (const id of this.#removed) trial.#removed.add(id);
    for (const change of changes) {
      const isRemoval = change.kind === "remove";
      const reason = isRemoval ? trial.check(change) : trial.apply(change);
      if (reason !== null) return reason;
    }
    return null;
  }

  /** Makes `change`, or says why not and changes nothing. */
  apply(change: MembershipChange): Reason | null {
    const reason = this.check(change);
    if (reason !== null) return reason;
    const known = this.#members.get(change.id);
    if (change.kind === "remove") {
      this.#members.delete(change.id);
      this.#removed.add(change.id);
    } else if (change.kind === "add" || change.kind === "addLearner") {
      const { id, peerUrls, instanceId } = change;
      const isLearner = change.kind === "addLearner";
      this.#set({ id, name: "", peerUrls, clientUrls: [], isLearner, instanceId });
    } else if (known !== undefined) {
      const isUpdate = change.kind === "update";
      this.#set(
        isUpdate ? { ...known, peerUrls: change.peerUrls } : { ...known, isLearner: false },
      );
    }
    return null;
  }

  /** Notes what a member published about itself after its start. */
  setAttributes({ id, name, clientUrls, instanceId }: MemberAttributes): Reason | null {
    const member = this.#members.get(id);
    if (member === undefined) return "member not found";
    this.#set({ ...member, name, clientUrls, instanceId });
    return null;
  }

  #set(member: Member): void {
    this.#members.set(member.id, member);
  }

  #checkKnown(id: MemberId): Reason | null {
    return this.#members.has(id) ? null : "member not found";
  }

  #checkAdd(change: MembershipChange & { kind: "add" | "addLearner" }): Reason | null {
    // Ref: etcd membership/cluster.go, which answers "member not found" for a removed id.
    if (this.#removed.has(change.id)) return "member not found";
    if (this.#members.has(change.id)) return "member exists";
    const reason = this.#checkUrls(change.id, change.peerUrls);
    if (reason !== null || change.kind === "add") return reason;
    // Why apart: learners that nobody can dial come from browsers by themselves, and must not take the
    // place of one that an operator means to promote.
    const isDialled = change.peerUrls.length > 0;
    let learners = 0;
    for (const { isLearner, peerUrls } of this.#members.values()) {
      if (isLearner && peerUrls.length > 0 === isDialled) learners++;
    }
    return learners < change.learnersMax ? null : "too many learners";
  }

  #checkUrls(id: MemberId, peerUrls: readonly string[]): Reason | null {
    for (const member of this.#members.values()) {
      if (member.id !== id && member.peerUrls.some((url) => peerUrls.includes(url))) {
        return "peer url exists";
      }
    }
    return null;
  }

  /** Writes the whole table by ascending id. */
  snapshot(writer: ByteWriter): void {
    writer.varint(this.#members.size);
    for (const member of this.list()) writeMember(writer, member);
    const removed = [...this.#removed].sort(compareIds);
    writer.varint(removed.length);
    for (const id of removed) writer.uint64(id);
  }

  /** Replaces the table by what `snapshot` wrote. */
  restore(reader: ByteReader): void {
    this.clear();
    for (let left = reader.varint(); left > 0; left--) {
      const member = readMember(reader);
      if (this.#members.has(member.id)) {
        throw new MalformedBytesError(
          `Cannot restore member ${formatId(member.id)}: it is there twice`,
        );
      }
      this.#set(member);
    }
    for (let left = reader.varint(); left > 0; left--) this.#removed.add(reader.uint64());
  }
}

function compareIds(a: MemberId, b: MemberId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
