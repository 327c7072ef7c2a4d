import { decodeMembershipChanges } from "../../../src/machine/membership_change.ts";
import { decodeConfigurationChange } from "../../../src/raft/configuration_change.ts";

/**
 * Who is a member by the log alone. A voter that is removed together with other changes of voters
 * stays until the joint configuration is left.
 */
export class MemberModel {
  /** How many joint configurations there were. */
  jointCount = 0;
  readonly #members: Set<bigint>;
  readonly #voters: Set<bigint>;
  readonly #removed = new Set<bigint>();
  /** Who goes when the joint configuration is left. */
  #leaving: bigint[] = [];

  /** @param founders All of them vote. */
  constructor(founders: readonly bigint[]) {
    this.#members = new Set(founders);
    this.#voters = new Set(founders);
  }

  get size(): number {
    return this.#members.size;
  }

  has(id: bigint): boolean {
    return this.#members.has(id);
  }

  wasRemoved(id: bigint): boolean {
    return this.#removed.has(id);
  }

  /** Applies the content of an entry that changes the configuration. @returns who is gone by it. */
  apply(data: Uint8Array): readonly bigint[] {
    const { context } = decodeConfigurationChange(data);
    if (context.length === 0) return this.#remove(this.#leaving.splice(0));
    const leaving: bigint[] = [];
    const removed: bigint[] = [];
    let votersChanged = 0;
    for (const { kind, id } of decodeMembershipChanges(context)) {
      const isVoter = this.#voters.has(id);
      if (kind === "add" || kind === "addLearner") this.#members.add(id);
      if (kind === "remove") (isVoter ? leaving : removed).push(id);
      if (kind === "add" || kind === "promote") this.#voters.add(id);
      else if (kind === "remove") this.#voters.delete(id);
      if (isVoter !== this.#voters.has(id)) votersChanged++;
    }
    if (votersChanged <= 1) return this.#remove([...removed, ...leaving]);
    this.jointCount++;
    this.#leaving = leaving;
    return this.#remove(removed);
  }

  #remove(ids: readonly bigint[]): readonly bigint[] {
    for (const id of ids) {
      this.#members.delete(id);
      this.#removed.add(id);
    }
    return ids;
  }
}
