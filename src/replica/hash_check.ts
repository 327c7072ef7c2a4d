import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";
import { raiseAlarmCommand } from "../machine/admin_command.ts";
import { AlarmType } from "../machine/alarms.ts";
import type { Command } from "../machine/command.ts";
import type { Machine } from "../machine/machine.ts";
import { ReplicaError } from "./errors.ts";
import { hashInSteps } from "./hash_in_steps.ts";
import type { LeaderCalls } from "./leader_calls.ts";

/** How the call is named by which the leader asks for a hash. */
const HASH_CALL = "hash";
/** A replica that has not applied the asked revision yet looks again after this long. */
const WAIT_MS = 50;
/** A replica that is further behind than this does not answer this time. */
const LAG_MS_MAX = 5_000;
/** The leader waits so much longer for the answer to arrive. */
const TRAVEL_MS_MAX = 2_000;

/** One replica's hash of the history up to the revision that was asked for. */
interface Answer {
  readonly hash: number;
  /** Hashes can be compared only when this is the same. */
  readonly compactRevision: number;
}

/** What the check needs of the replica that it is part of. */
interface CheckContext {
  readonly id: MemberId;
  readonly machine: Machine;
  /** Zero when nothing is checked. */
  readonly intervalMs: number;
  nowMs(): number;
  leads(): boolean;
  /** The way to the other replicas, and theirs to this one. */
  readonly calls: LeaderCalls;
  proposeAsLeader(commands: readonly Command[]): void;
  wait(delayMs: number): Promise<void>;
}

/**
 * Compares what replicas hold: the leader hashes the history up to a revision and asks the others for
 * theirs. Who differs from most gets the alarm, and the cluster takes no more writes until people
 * have looked. Ref: etcd server/etcdserver/corrupt.go.
 */
export class HashCheck {
  readonly #context: CheckContext;
  #checkedMs: number;
  #isRunning = false;

  constructor(context: CheckContext) {
    this.#context = context;
    this.#checkedMs = context.nowMs();
    context.calls.handleAnywhere(HASH_CALL, (body) => this.#answer(body));
  }

  /** Begins a comparison when one is due. */
  tick(): void {
    const { intervalMs, leads } = this.#context;
    const nowMs = this.#context.nowMs();
    if (intervalMs === 0 || this.#isRunning || nowMs - this.#checkedMs < intervalMs) return;
    this.#checkedMs = nowMs;
    if (!leads() || this.#context.machine.alarms.has(AlarmType.Corrupt)) return;
    this.#isRunning = true;
    this.#compare().finally(() => this.#isRunning = false);
  }

  /**
   * Compares what this replica holds with what the others do, as far as they answer. Ref: etcd
   * corrupt.go, InitialCheck; but a replica that agrees with most is not kept from serving.
   *
   * @throws {ReplicaError} "corrupt" if this replica is one of those that may be wrong.
   */
  async checkOwn(): Promise<void> {
    const { id, machine } = this.#context;
    const { revision } = machine.store;
    if (!suspectsOf(await this.#answersAt(revision), id).includes(id)) return;
    throw new ReplicaError(
      "corrupt",
      `The data of this replica differs from that of the others at revision ${revision}: ` +
        "remove this member, and add it again with an empty data directory",
    );
  }

  /** Compares all replicas that answer, and raises the alarm for those that differ. */
  async #compare(): Promise<void> {
    const { id, machine, leads, proposeAsLeader } = this.#context;
    const suspects = suspectsOf(await this.#answersAt(machine.store.revision), id);
    if (suspects.length === 0 || !leads()) return;
    proposeAsLeader(suspects.map((suspect) => raiseAlarmCommand(suspect, AlarmType.Corrupt)));
  }

  /** The hashes of all replicas that answer. */
  async #answersAt(revision: number): Promise<ReadonlyMap<MemberId, Answer>> {
    const { id, machine } = this.#context;
    const answers = new Map<MemberId, Answer>();
    await Promise.all(
      machine.members.list().map(async (member) => {
        const asked = member.id === id ? this.#answerAt(revision) : this.#ask(member.id, revision);
        try {
          answers.set(member.id, await asked);
        } catch {
          // Whoever cannot answer is compared the next time.
        }
      }),
    );
    return answers;
  }

  async #ask(to: MemberId, revision: number): Promise<Answer> {
    const deadlineMs = this.#context.nowMs() + LAG_MS_MAX + TRAVEL_MS_MAX;
    const options = { to, deadlineMs, isIdempotent: true };
    return decodeAnswer(
      await this.#context.calls.call(HASH_CALL, encodeRevision(revision), options),
    );
  }

  /** Answers the leader, once everything that it asks about has been applied here. */
  async #answer(body: Uint8Array): Promise<Uint8Array> {
    const { machine } = this.#context;
    const revision = new ByteReader(body).varint();
    const giveUpMs = this.#context.nowMs() + LAG_MS_MAX;
    while (machine.store.revision < revision) {
      if (this.#context.nowMs() >= giveUpMs) {
        throw new ReplicaError("timed out", `Revision ${revision} has not come here in time`);
      }
      await this.#context.wait(WAIT_MS);
    }
    return encodeAnswer(await this.#answerAt(revision));
  }

  async #answerAt(revision: number): Promise<Answer> {
    const { machine, wait } = this.#context;
    const result = await hashInSteps(machine, revision, () => wait(0));
    if (typeof result === "string") {
      throw new ReplicaError("timed out", `Revision ${revision} cannot be hashed: ${result}`);
    }
    return result;
  }
}

/**
 * Who holds something else than most of those that were compacted like the one that asks. Where no side has
 * a majority of them, nobody can tell who is right, and all are suspects.
 */
export function suspectsOf(
  answers: ReadonlyMap<MemberId, Answer>,
  asker: MemberId,
): readonly MemberId[] {
  const compactRevision = answers.get(asker)?.compactRevision;
  const comparable = [...answers].filter(([, answer]) =>
    answer.compactRevision === compactRevision
  );
  const counts = new Map<number, number>();
  for (const [, { hash }] of comparable) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  if (counts.size < 2) return [];
  const [hash, count] = [...counts].reduce((most, next) => next[1] > most[1] ? next : most);
  const hasMajority = 2 * count > comparable.length;
  return comparable.filter(([, answer]) => !hasMajority || answer.hash !== hash).map(([id]) => id);
}

function encodeRevision(revision: number): Uint8Array {
  const writer = new ByteWriter(8);
  writer.varint(revision);
  return writer.copy();
}

function encodeAnswer({ hash, compactRevision }: Answer): Uint8Array {
  const writer = new ByteWriter(16);
  writer.uint32(hash);
  // One more, because a store that was never compacted has -1.
  writer.varint(compactRevision + 1);
  return writer.copy();
}

function decodeAnswer(bytes: Uint8Array): Answer {
  const reader = new ByteReader(bytes);
  return { hash: reader.uint32(), compactRevision: reader.varint() - 1 };
}
