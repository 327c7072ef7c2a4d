import { assert, assertEquals } from "@std/assert";
import type { MemberId } from "../../../src/base/ids.ts";
import { type Configuration, configurationOf } from "../../../src/raft/configuration.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type { Message } from "../../../src/raft/message.ts";
import { type TestOptions, TestReplica } from "./replica.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A command as bytes. */
export function command(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A command as text. */
export function text(entry: Entry): string {
  return decoder.decode(entry.data);
}

/**
 * Several replicas and the messages between them, with no time of its own: a test ticks, delivers and
 * drops as it likes. After every step it checks the properties of Raft's figure 3.
 */
export class TestCluster {
  readonly replicas: Map<MemberId, TestReplica> = new Map();
  /** Messages on their way, oldest first. */
  messages: Message[] = [];
  /** Messages for which this is true get lost. */
  lost: (message: Message) => boolean = () => false;
  readonly #options: TestOptions;
  readonly #leaders: Map<number, MemberId> = new Map();
  /** What has been applied anywhere, by index. */
  readonly #chosen: Map<number, Entry> = new Map();
  readonly #seen: Map<MemberId, number> = new Map();

  constructor(voters: number | Configuration, options: TestOptions = {}) {
    this.#options = options;
    const founded = typeof voters === "number"
      ? configurationOf(Array.from({ length: voters }, (_, i) => BigInt(i + 1)))
      : voters;
    for (const id of [...founded.voters, ...founded.learners]) this.add(id, founded);
  }

  /** Starts another replica. One that joins knows the configuration of those it joins. */
  add(id: MemberId, founded: Configuration, options: TestOptions = {}): TestReplica {
    const replica = new TestReplica(id, founded, { ...this.#options, ...options });
    this.replicas.set(id, replica);
    return replica;
  }

  replica(id: number | bigint): TestReplica {
    const replica = this.replicas.get(BigInt(id));
    assert(replica !== undefined, `There is no replica ${id}`);
    return replica;
  }

  /** The replica that leads in the highest term, if there is one. */
  get leader(): TestReplica | undefined {
    return [...this.replicas.values()]
      .filter((replica) => replica.alive && replica.node.isLeader)
      .sort((a, b) => b.node.term - a.node.term)[0];
  }

  /** Lets every replica do its work; its messages are on their way then. */
  run(): void {
    for (const replica of this.replicas.values()) {
      this.messages.push(...replica.run());
      this.#check(replica);
    }
  }

  /** Delivers the message at `position`, or loses it. */
  deliver(position = 0): void {
    const [message] = this.messages.splice(position, 1);
    const replica = this.replicas.get(message.to);
    if (replica === undefined || !replica.alive || this.lost(message)) return;
    replica.node.step(message);
    this.messages.push(...replica.run());
    this.#check(replica);
  }

  /** Runs and delivers until nothing is left to do. */
  settle(): void {
    this.run();
    for (let rounds = 0; this.messages.length > 0; rounds++) {
      assert(rounds < 100_000, "The cluster does not come to rest");
      this.deliver();
    }
  }

  /** Time moves on for all replicas alike, each tick fully played out. */
  tick(count = 1): void {
    for (let i = 0; i < count; i++) {
      for (const replica of this.replicas.values()) if (replica.alive) replica.node.tick();
      this.settle();
    }
  }

  /** Makes a replica leader by letting it campaign, and lets its first entry commit. */
  elect(id: number): TestReplica {
    const replica = this.replica(id);
    replica.node.campaign();
    this.settle();
    assert(replica.node.isLeader, `Replica ${id} was not elected`);
    return replica;
  }

  /** Proposes commands to the leader and plays everything out. */
  propose(...commands: string[]): void {
    assertEquals(this.leader?.node.propose(commands.map(command)), "accepted");
    this.settle();
  }

  /** Cuts replicas off from all others. */
  isolate(...ids: number[]): void {
    const cut = new Set(ids.map(BigInt));
    this.lost = ({ from, to }) => cut.has(from) !== cut.has(to);
  }

  heal(): void {
    this.lost = () => false;
  }

  /** The commands that a replica has applied. */
  applied(id: number): string[] {
    return this.replica(id).applied.filter(({ kind }) => kind === EntryKind.Command).map(text);
  }

  /** The highest index that any replica has applied. */
  get chosenIndex(): number {
    return Math.max(0, ...this.#chosen.keys());
  }

  /** Raft §5.3: entries of the same index and term are the same, and so are all before them. */
  checkLogMatching(): void {
    const disks = [...this.replicas.values()].map(({ disk }) => disk.entries);
    for (const [position, a] of disks.entries()) {
      for (const b of disks.slice(position + 1)) {
        const byIndex = new Map(b.map((entry) => [entry.index, entry]));
        let matched = false;
        for (const entry of a.toReversed()) {
          const other = byIndex.get(entry.index);
          if (other === undefined) continue;
          if (matched) assertEquals(entry.term, other.term, `Logs diverge at ${entry.index}`);
          if (entry.term !== other.term) continue;
          matched = true;
          assertEquals(entry.data, other.data, `Logs diverge at ${entry.index}`);
        }
      }
    }
  }

  /** Election safety, and leader completeness: a new leader has everything that was ever applied. */
  #checkLeader({ id, node, disk }: TestReplica): void {
    const leader = this.#leaders.get(node.term);
    assert(leader === undefined || leader === id, `Term ${node.term} has two leaders`);
    if (leader === id) return;
    this.#leaders.set(node.term, id);
    const log = new Map(disk.entries.map((entry) => [entry.index, entry.term]));
    for (const { index, term } of this.#chosen.values()) {
      if (index <= (disk.snapshot?.index ?? 0)) continue;
      assertEquals(log.get(index), term, `Leader ${id} of term ${node.term} lacks entry ${index}`);
    }
  }

  #check(replica: TestReplica): void {
    const { id, node } = replica;
    if (!replica.alive) return;
    if (node.isLeader) this.#checkLeader(replica);
    const last = replica.applied.at(-1);
    const from = Math.min(this.#seen.get(id) ?? 0, replica.appliedIndex);
    this.#seen.set(id, replica.appliedIndex);
    if (last === undefined || last.index <= from) return;
    for (const entry of replica.applied.slice(from - last.index)) {
      const chosen = this.#chosen.get(entry.index);
      if (chosen === undefined) this.#chosen.set(entry.index, entry);
      else {
        assertEquals(entry.term, chosen.term, `Entry ${entry.index} was applied in two versions`);
        assertEquals(entry.data, chosen.data, `Entry ${entry.index} was applied in two versions`);
      }
    }
  }
}
