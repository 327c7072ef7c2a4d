import { crc32 } from "node:zlib";
import type { LockFile } from "../file/lock_file.ts";
import type { JournalContents, Medium } from "../journal/medium.ts";
import { decodeMeta, META } from "../journal/object_record.ts";
import { FencedKv } from "./fenced_kv.ts";
import { KvJournal } from "./kv_journal.ts";
import { KvObjects } from "./kv_objects.ts";

/** Deno KV as a {@linkcode Medium}. */
export class DenoKvMedium implements Medium {
  readonly crc32 = (bytes: Uint8Array): number => crc32(bytes);
  readonly #kv: FencedKv;
  readonly #journal: KvJournal;
  readonly #objects: KvObjects;
  readonly #lockFile: LockFile | null;

  /**
   * @param kv The database, which belongs to the medium from now on.
   * @param prefix What all keys begin with.
   * @param description Where the data is, for messages.
   * @param lockFile Keeps other processes of this machine out, where the database is a local file.
   */
  constructor(
    kv: Deno.Kv,
    prefix: Deno.KvKey,
    description: string,
    lockFile: LockFile | null,
  ) {
    this.#kv = new FencedKv(kv, [...prefix, "owner"], description);
    this.#journal = new KvJournal(this.#kv, [...prefix, "journal"]);
    this.#objects = new KvObjects(this.#kv, [...prefix, "object"]);
    this.#lockFile = lockFile;
  }

  get description(): string {
    return this.#kv.description;
  }

  async lock(): Promise<void> {
    await this.#lockFile?.lock(this.description);
    await this.#objects.load();
    // Why before the claim: who cannot read the data must not push out an owner that can.
    const meta = await this.#objects.read(META);
    if (meta !== null) decodeMeta(meta, this.description);
    await this.#kv.claim();
    // Safety: from here on no earlier owner can write, so what is read now is the last word.
    await this.#objects.load();
  }

  readObject(name: string): Promise<Uint8Array | null> {
    return this.#objects.read(name);
  }

  objectNames(): Promise<readonly string[]> {
    return Promise.resolve(this.#objects.names());
  }

  readJournal(): Promise<JournalContents> {
    return this.#journal.read(this.crc32);
  }

  async startWriting(): Promise<void> {
    await this.#journal.removeLeftovers();
    await this.#objects.removeStrays();
  }

  appendFrame(sequence: number, frame: Uint8Array): Promise<void> {
    return this.#journal.append(sequence, frame);
  }

  dropFrames(sequence: number): Promise<void> {
    return this.#journal.dropBefore(sequence);
  }

  writeObject(name: string, bytes: Uint8Array): Promise<void> {
    return this.#objects.write(name, bytes);
  }

  removeObject(name: string): Promise<void> {
    return this.#objects.remove(name);
  }

  byteLength(): number {
    return this.#journal.byteLength() + this.#objects.byteLength();
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.#kv.close();
    this.#lockFile?.unlock();
  }
}
