import type { Prng } from "../../base/prng.ts";
import { StorageError, StorageLockedError } from "../errors.ts";
import { MemoryFile } from "./memory_file.ts";

/** One call to the disk, as {@linkcode MemoryDisk.onOperation} sees it. */
export interface DiskOperation {
  readonly kind:
    | "read"
    | "create"
    | "open"
    | "write"
    | "sync"
    | "rename"
    | "remove"
    | "syncDirectory";
  /** The file; for a rename the new name; empty for the directory. */
  readonly name: string;
  /** How many bytes are written; zero for everything but a write. */
  readonly byteLength: number;
}

/** A change of names that no `syncDirectory` has made durable. */
export interface NameChange {
  readonly removed: string | null;
  readonly added: string | null;
  readonly file: MemoryFile;
}

/**
 * A disk in memory that outlives the store on it, and behaves as badly as a real one may: it forgets
 * what was not synced, tears writes, fails, fills up and takes its time. With no faults asked for it
 * is perfect, and its calls resolve within microtasks.
 */
export class MemoryDisk {
  /** Where it is, for messages. */
  readonly description: string;
  /**
   * Called before each operation. It may throw, and the operation then fails without any effect. It
   * may return a promise, and the operation takes effect when that resolves; a write cannot wait.
   */
  onOperation: ((operation: DiskOperation) => Promise<void> | void) | null = null;
  /** Writes that would make the files larger than this in sum fail. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  #visible = new Map<string, MemoryFile>();
  #durable = new Map<string, MemoryFile>();
  #unsynced: NameChange[] = [];
  /** Counts mounts and crashes. What belongs to an earlier one is dead. */
  #generation = 0;
  #isLocked = false;

  constructor(description = "memory") {
    this.description = description;
  }

  /** What the processes of one life of the machine have in common; it changes with each crash. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The power fails: whoever has the disk mounted is dead, and what was not synced is lost, or with a
   * `prng` any part of it survives, in any order.
   */
  crash(prng: Prng | null = null): void {
    this.#generation++;
    this.#isLocked = false;
    for (const change of this.#unsynced) {
      if (prng !== null && prng.chance(0.5)) applyChange(this.#durable, change);
    }
    this.#unsynced = [];
    this.#visible = new Map(this.#durable);
    for (const file of this.#durable.values()) file.crash(prng);
  }

  /** The process dies and the machine lives on: nothing is lost but the lock. */
  kill(): void {
    this.#generation++;
    this.#isLocked = false;
  }

  /** The names of all files. */
  fileNames(): string[] {
    return [...this.#visible.keys()].sort();
  }

  /** A copy of what is on the disk, for comparing and for trying out more than one accident. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk(this.description);
    for (const [name, file] of this.#durable) {
      const twin = new MemoryFile();
      twin.damage(() => file.read());
      copy.#durable.set(name, twin);
      copy.#visible.set(name, twin);
    }
    return copy;
  }

  /** Changes a file behind everybody's back. */
  damage(name: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const file = this.#visible.get(name);
    if (file === undefined) throw new TypeError(`Cannot damage "${name}": there is no such file`);
    file.damage(change);
  }

  /** Takes a file away behind everybody's back. */
  lose(name: string): void {
    this.#visible.delete(name);
    this.#durable.delete(name);
  }

  /** Throws if the caller belongs to a process that a crash or kill has ended. */
  assertAlive(generation: number): void {
    if (generation !== this.#generation) {
      throw new StorageError(`Cannot use ${this.description}: this process has crashed`);
    }
  }

  /** Takes the lock. */
  lock(): void {
    if (this.#isLocked) {
      throw new StorageLockedError(`Cannot open ${this.description}: it is in use`);
    }
    this.#isLocked = true;
  }

  /** Releases the lock. */
  unlock(): void {
    this.#isLocked = false;
  }

  /** The file of that name, if there is one. */
  find(name: string): MemoryFile | undefined {
    return this.#visible.get(name);
  }

  /** Changes names, not yet durably. */
  changeName(change: NameChange): void {
    applyChange(this.#visible, change);
    this.#unsynced.push(change);
  }

  /** Makes the oldest `count` changes of names durable. */
  syncNames(count: number): void {
    for (const change of this.#unsynced.splice(0, count)) applyChange(this.#durable, change);
  }

  /** How many changes of names are not durable. */
  get unsyncedNames(): number {
    return this.#unsynced.length;
  }

  /** Fails if the files cannot grow by so many bytes. */
  assertRoomFor(grownBytes: number): void {
    let usedBytes = 0;
    for (const file of this.#visible.values()) usedBytes += file.byteLength;
    if (grownBytes > 0 && usedBytes + grownBytes > this.capacityBytes) {
      throw new StorageError(`Cannot write to ${this.description}: the disk is full`);
    }
  }
}

function applyChange(names: Map<string, MemoryFile>, change: NameChange): void {
  if (change.removed !== null) names.delete(change.removed);
  if (change.added !== null) names.set(change.added, change.file);
}
