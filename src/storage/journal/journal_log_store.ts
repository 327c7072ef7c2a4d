import { assert } from "../../base/assert.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { EMPTY_HARD_STATE, type HardState } from "../../raft/hard_state.ts";
import type { Segment, SegmentRef, SnapshotManifest } from "../../raft/snapshot.ts";
import { StorageError, StorageFailedError } from "../errors.ts";
import type { LogBatch, LogStore, RecoveredLog, StoredSnapshot } from "../log_store.ts";
import { writeBatchRecord } from "./batch_record.ts";
import { beginFrame, CHAIN_ORIGIN, endFrame } from "./frame.ts";
import { LogShape } from "./log_shape.ts";
import type { Medium } from "./medium.ts";
import {
  damaged,
  decodeManifest,
  decodeMeta,
  decodeSegment,
  encodeManifest,
  encodeMeta,
  encodeSegment,
  isSegmentName,
  MANIFEST,
  META,
  segmentName,
} from "./object_record.ts";
import { replay } from "./replay.ts";

type State = "new" | "open" | "failed" | "closed";

/** Room for a batch before the writer grows; the largest usual one is an entry of 1 MiB. */
const WRITER_BYTES = 64 * 1024;

/**
 * The log as a journal: each batch is one record, whole or not there, and what the records add up to
 * is the log. It is written to any {@linkcode Medium}.
 *
 * - Truncation needs no step of its own: a record replaces what earlier ones said from its first
 *   index on.
 * - Every record has the hard state, so that older records can be removed once their entries are
 *   forgotten. Compaction therefore writes nothing. If the process dies, entries that were forgotten
 *   may be there again at the next `open`, which harms nobody: the snapshot covers them.
 * - A snapshot is a manifest and the segments that it names. Writing the manifest switches over.
 */
export class JournalLogStore implements LogStore {
  readonly #medium: Medium;
  readonly #writer = new ByteWriter(WRITER_BYTES);
  #state: State = "new";
  #failure: unknown = null;
  #shape = new LogShape();
  #hardState: HardState = EMPTY_HARD_STATE;
  #epoch = 0;
  #snapshotIndex = 0;
  /** The newest durable frame of the journal. */
  #newest = CHAIN_ORIGIN;
  #segmentNames = new Set<string>();
  #appending: Promise<void> | null = null;
  #maintaining: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  /** @param medium Where the bytes go; it belongs to the store from now on. */
  constructor(medium: Medium) {
    this.#medium = medium;
  }

  async open(): Promise<RecoveredLog> {
    assert(this.#state === "new", "LogStore.open() is called first and once");
    try {
      await this.#medium.lock();
      const recovered = await this.#recover();
      this.#state = "open";
      return recovered;
    } catch (error) {
      this.#state = "closed";
      await this.#medium.close();
      throw error;
    }
  }

  async #recover(): Promise<RecoveredLog> {
    const medium = this.#medium;
    const place = medium.description;
    const metaBytes = await medium.readObject(META);
    const meta = metaBytes === null ? { epoch: 0, identity: null } : decodeMeta(metaBytes, place);
    const manifestBytes = await medium.readObject(MANIFEST);
    const manifest = manifestBytes === null ? null : decodeManifest(manifestBytes, place);
    const journal = await medium.readJournal();
    if (metaBytes === null && (manifest !== null || journal.frames.length > 0)) {
      throw damaged(`${place}: "${META}" is missing`);
    }
    const log = replay(journal.frames, manifest, place);
    const strays = await this.#findSegments(manifest);

    await medium.startWriting();
    const epoch = meta.epoch + 1;
    await medium.writeObject(META, encodeMeta({ epoch, identity: meta.identity }));
    for (const name of strays) await medium.removeObject(name);

    this.#newest = journal.frames.at(-1) ?? CHAIN_ORIGIN;
    this.#epoch = epoch;
    this.#shape = log.shape;
    this.#hardState = log.hardState;
    this.#snapshotIndex = manifest?.index ?? 0;
    const notes = [...journal.notes, ...log.notes];
    if (strays.length > 0) {
      notes.push(`Removed ${strays.length} segments of a snapshot that was not finished`);
    }
    return {
      epoch,
      identity: meta.identity,
      hardState: log.hardState,
      snapshot: manifest === null ? null : this.#storedSnapshot(manifest),
      entries: log.entries,
      notes,
    };
  }

  /** Checks that all segments of the snapshot are there. Answers the names of those of no snapshot. */
  async #findSegments(manifest: SnapshotManifest | null): Promise<string[]> {
    const names = (await this.#medium.objectNames()).filter(isSegmentName);
    const stored = new Set(names);
    for (const { id } of manifest?.segments ?? []) {
      const name = segmentName(id);
      if (!stored.has(name)) throw damaged(`${this.#medium.description}: "${name}" is missing`);
      this.#segmentNames.add(name);
    }
    return names.filter((name) => !this.#segmentNames.has(name));
  }

  #storedSnapshot(manifest: SnapshotManifest): StoredSnapshot {
    const refs = new Map(manifest.segments.map((segment) => [segment.id, segment]));
    return {
      manifest,
      readSegment: (id) => {
        const ref = refs.get(id);
        if (ref === undefined) {
          return Promise.reject(new TypeError(`Cannot read segment "${id}": not in the manifest`));
        }
        return this.#readSegment(ref);
      },
    };
  }

  async #readSegment(ref: SegmentRef): Promise<Uint8Array> {
    this.#assertUsable();
    const name = segmentName(ref.id);
    const place = this.#medium.description;
    const bytes = await this.#medium.readObject(name);
    if (bytes === null) {
      if (this.#segmentNames.has(name)) throw damaged(`${place}: "${name}" is missing`);
      throw new StorageError(`Cannot read "${name}": a newer snapshot has replaced it`);
    }
    const payload = decodeSegment(name, bytes, place, this.#medium.crc32);
    if (payload.length !== ref.byteLength) {
      throw damaged(`${place}: "${name}" has ${payload.length} bytes, not ${ref.byteLength}`);
    }
    return payload;
  }

  async append(batch: LogBatch): Promise<void> {
    this.#assertUsable();
    assert(this.#appending === null, "LogStore.append() is called while another is under way");
    const { hardState, entries } = batch;
    if (hardState === null && entries.length === 0) return;
    const { start, next } = this.#shape;
    const first = entries.length === 0 ? next : entries[0].index;
    assert(this.#shape.mayAppendAt(first), `Cannot append at index ${first}`);
    const sequence = this.#newest.sequence + 1;
    const writer = this.#writer;
    beginFrame(writer);
    writeBatchRecord(writer, { start, hardState: hardState ?? this.#hardState, first, entries });
    const checksum = endFrame(writer, sequence, this.#newest.checksum, this.#medium.crc32);
    this.#appending = this.#write(() => this.#medium.appendFrame(sequence, writer.view()));
    try {
      await this.#appending;
    } finally {
      this.#appending = null;
    }
    // Safety: only now may the previous frame be removed, which had the newest hard state until here.
    this.#newest = { sequence, checksum };
    if (hardState !== null) this.#hardState = hardState;
    this.#shape.append(sequence, start, first, entries);
  }

  saveIdentity(identity: Uint8Array): Promise<void> {
    const meta = encodeMeta({ epoch: this.#epoch, identity });
    return this.#maintain(() => this.#write(() => this.#medium.writeObject(META, meta)));
  }

  saveSnapshot(
    manifest: SnapshotManifest,
    segments: Iterable<Segment> | AsyncIterable<Segment>,
  ): Promise<void> {
    return this.#maintain(async () => {
      assert(manifest.index >= this.#snapshotIndex, "LogStore.saveSnapshot() must not go back");
      const wanted = new Set(manifest.segments.map((segment) => segmentName(segment.id)));
      await this.#writeSegments(wanted, segments);
      await this.#write(() => this.#medium.writeObject(MANIFEST, encodeManifest(manifest)));
      this.#snapshotIndex = manifest.index;
      this.#shape.dropIfContradicts(manifest.index, manifest.term);
      for (const name of this.#segmentNames) {
        if (wanted.has(name)) continue;
        await this.#write(() => this.#medium.removeObject(name));
        this.#segmentNames.delete(name);
      }
      await this.#dropUnneededFrames();
    });
  }

  /** Makes all `wanted` segments durable, before the manifest names them. */
  async #writeSegments(
    wanted: Set<string>,
    segments: Iterable<Segment> | AsyncIterable<Segment>,
  ): Promise<void> {
    for await (const segment of segments) {
      const name = segmentName(segment.id);
      if (!wanted.has(name) || this.#segmentNames.has(name)) continue;
      const bytes = encodeSegment(name, segment.bytes, this.#medium.crc32);
      await this.#write(() => this.#medium.writeObject(name, bytes));
      this.#segmentNames.add(name);
    }
    for (const name of wanted) {
      if (this.#segmentNames.has(name)) continue;
      throw new TypeError(`Cannot save a snapshot: "${name}" is neither given nor stored`);
    }
  }

  compact(throughIndex: number): Promise<void> {
    return this.#maintain(() => {
      assert(
        throughIndex <= this.#snapshotIndex,
        "LogStore.compact() must not go past the newest snapshot",
      );
      this.#shape.forgetBefore(throughIndex + 1);
      return this.#dropUnneededFrames();
    });
  }

  /** Safety: the newest frame always stays, because it has the hard state. */
  #dropUnneededFrames(): Promise<void> {
    const newest = this.#newest.sequence;
    const oldest = Math.min(this.#shape.oldestFrame() ?? newest, newest);
    return this.#write(() => this.#medium.dropFrames(oldest));
  }

  /** Runs what is not an append, one at a time. */
  async #maintain(work: () => Promise<void>): Promise<void> {
    this.#assertUsable();
    assert(
      this.#maintaining === null,
      "LogStore is asked for two snapshots or compactions at once",
    );
    this.#maintaining = work();
    try {
      await this.#maintaining;
    } finally {
      this.#maintaining = null;
    }
  }

  /** One writing call to the medium. Its failure ends the store's life. */
  async #write(call: () => Promise<void>): Promise<void> {
    this.#assertUsable();
    try {
      await call();
    } catch (error) {
      if (this.#state !== "failed") {
        this.#state = "failed";
        this.#failure = error;
      }
      throw this.#failedError();
    }
  }

  #assertUsable(): void {
    if (this.#state === "failed") throw this.#failedError();
    if (this.#state === "closed") throw new StorageError(`${this.#medium.description} is closed`);
    assert(this.#state === "open", "LogStore is used before it was opened");
  }

  #failedError(): StorageFailedError {
    const cause = this.#failure;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StorageFailedError(
      `Cannot go on with ${this.#medium.description}: ${reason}. What was acknowledged is safe; ` +
        "restart the replica once the reason is gone",
      { cause },
    );
  }

  byteLength(): number {
    return this.#medium.byteLength();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const isHeld = this.#state !== "closed";
    this.#state = "closed";
    await Promise.allSettled([this.#appending, this.#maintaining]);
    if (isHeld) await this.#medium.close();
  }
}
