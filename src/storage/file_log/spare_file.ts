import type { FileSystem, OpenFile } from "./file_system.ts";

/** The name of the file that is being prepared. Like all such names it is removed at `open`. */
const NAME = "log.tmp";
/** So many bytes are written and synced at a time: appends to the log go on between them. */
const STEP_BYTES = 1_048_576;

/**
 * The next file of the journal, filled with zeros in the background before it is needed. A failure
 * shows when the file is needed and not before.
 *
 * Why not only made long: a write into a hole has to find room for itself, and its sync to note where,
 * which delays each batch by more than its share of the zeros.
 */
export class SpareFile {
  readonly #fs: FileSystem;
  readonly #byteLength: number;
  #preparing: Promise<{ error: unknown } | null> | null = null;
  #isClosed = false;

  constructor(fs: FileSystem, byteLength: number) {
    this.#fs = fs;
    this.#byteLength = byteLength;
  }

  /** Begins to prepare the file unless that has been done. */
  prepare(): void {
    this.#preparing ??= this.#fill().then(() => null, (error) => ({ error }));
  }

  async #fill(): Promise<void> {
    const file = await this.#fs.create(NAME);
    try {
      const zeros = new Uint8Array(Math.min(STEP_BYTES, this.#byteLength));
      for (let offset = 0; offset < this.#byteLength && !this.#isClosed; offset += zeros.length) {
        file.write(zeros.subarray(0, this.#byteLength - offset), offset);
        await file.sync();
      }
    } finally {
      file.close();
    }
  }

  /** Turns the file into one of the journal: `header` at its beginning, and its name durable. */
  async become(name: string, header: Uint8Array): Promise<void> {
    this.prepare();
    const failed = await this.#preparing;
    this.#preparing = null;
    if (failed !== null) throw failed.error;
    const file = await this.#fs.open(NAME);
    await writeAndClose(file, [header]);
    await this.#fs.rename(NAME, name);
    await this.#fs.syncDirectory();
  }

  /** Stops preparing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#preparing;
  }
}

/** Writes the parts one after the other from the file's beginning on, durably, and closes it. */
export async function writeAndClose(file: OpenFile, parts: readonly Uint8Array[]): Promise<void> {
  try {
    let offset = 0;
    for (const part of parts) {
      file.write(part, offset);
      offset += part.length;
    }
    await file.sync();
  } finally {
    file.close();
  }
}
