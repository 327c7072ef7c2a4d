import { StorageLockedError } from "../errors.ts";

/**
 * A lock between all tabs and workers of one origin (Web Locks API). The browser gives it back when
 * its holder goes away, however that happens.
 */
export class WebLock {
  readonly #name: string;
  #release: (() => void) | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the lock. `what` names what it protects, for the message when another has it. */
  async lock(what: string): Promise<void> {
    const isTaken = await new Promise<boolean>((resolve, reject) => {
      navigator.locks.request(this.#name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        if (lock === null) return;
        return new Promise<void>((release) => this.#release = release);
      }).catch(reject);
    });
    if (isTaken) return;
    throw new StorageLockedError(
      `Cannot open ${what}: another tab or worker is using it. Close that one first`,
    );
  }

  /** Gives the lock back, if it is held. */
  unlock(): void {
    this.#release?.();
    this.#release = null;
  }
}
