import type { Prng } from "../../src/base/prng.ts";
import { StorageError } from "../../src/storage/errors.ts";
import { type DiskOperation, MemoryDisk } from "../../src/storage/memory/memory_disk.ts";
import type { World } from "./world.ts";

/** How the disk of one replica behaves: the real file journal runs on it. */
export class SimDisk {
  readonly memory: MemoryDisk;
  /** Adds to what each sync takes. */
  slownessMs = 0;
  /** How likely a write or sync fails. */
  errorRate = 0;
  /** After so many more durable steps the process dies; null for never. */
  stepsToCrash: number | null = null;
  /** Whether bits have flipped at rest. */
  isRotten = false;
  /** Ends the process; set by whoever runs it. */
  onCrashStep: () => void = () => {};
  readonly #world: World;
  readonly #prng: Prng;
  readonly #syncMinMs: number;
  readonly #syncSpreadMs: number;

  constructor(
    world: World,
    name: string,
    times: { readonly syncMinMs: number; readonly syncMaxMs: number },
  ) {
    this.#world = world;
    this.#prng = world.prng.fork(name);
    this.#syncMinMs = times.syncMinMs;
    this.#syncSpreadMs = times.syncMaxMs - times.syncMinMs;
    this.memory = new MemoryDisk(name);
    this.memory.onOperation = (operation) => this.#before(operation);
  }

  /** Everything works as it should again. */
  heal(): void {
    this.slownessMs = 0;
    this.errorRate = 0;
    this.stepsToCrash = null;
    this.memory.capacityBytes = Infinity;
  }

  /** From now on there is room for a little more only. */
  fill(): void {
    let usedBytes = 0;
    for (const name of this.memory.fileNames()) {
      usedBytes += this.memory.find(name)?.byteLength ?? 0;
    }
    this.memory.capacityBytes = usedBytes + this.#prng.between(0, 20_000);
  }

  /** Flips some bits of what is durable. */
  rot(): void {
    const names = this.memory.fileNames();
    this.isRotten = true;
    for (let flips = this.#prng.between(1, 4); flips > 0; flips--) {
      this.memory.damage(names[this.#prng.between(0, names.length)], (bytes) => {
        if (bytes.length > 0) {
          bytes[this.#prng.between(0, bytes.length)] ^= 1 << this.#prng.between(0, 8);
        }
        return bytes;
      });
    }
  }

  #before({ kind }: DiskOperation): Promise<void> | void {
    if (kind === "read" || kind === "open") return;
    if (this.stepsToCrash !== null && this.stepsToCrash-- <= 0) {
      this.stepsToCrash = null;
      this.onCrashStep();
      throw new StorageError("The process has died");
    }
    if (this.errorRate > 0 && this.#prng.chance(this.errorRate)) {
      throw new StorageError("Input/output error");
    }
    if (kind === "write") return;
    const delayMs = this.#syncMinMs + this.#prng.next() * (this.#syncSpreadMs + this.slownessMs);
    return new Promise((resolve) => this.#world.after(delayMs, resolve));
  }
}
