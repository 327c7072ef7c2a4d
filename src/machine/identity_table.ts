import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { CommandKind, RequestIdentity } from "../proto/command.ts";
import type { Reason } from "./result.ts";

/**
 * How far a request may lag behind the newest request of its client and still be applied. A client
 * must not send sequence n + 1024 before it knows what became of sequence n.
 */
export const IDENTITY_WINDOW = 1_024;
/** A longer answer is not kept: a retry learns that the request is known, and no more. */
export const IDENTITY_RESPONSE_BYTES_MAX = 1_048_576;

/** Bounds of the whole table. They are part of the replicated behaviour: all replicas forget alike. */
export interface IdentityBounds {
  readonly clients: number;
  readonly results: number;
  /** Of all answers together. Invariant: more than the longest answer by half. */
  readonly responseBytes: number;
}

/** Room for 64 busy clients or 4,096 quiet ones, in at most some 8 MiB. */
export const IDENTITY_BOUNDS: IdentityBounds = {
  clients: 4_096,
  results: 65_536,
  responseBytes: 4 * 1_048_576,
};

/** What a request was answered. */
export interface StoredResult {
  readonly kind: CommandKind;
  readonly reason: Reason | null;
  readonly revision: number;
  /** The response's encoding; null if there was none or it is not kept any more. */
  readonly response: Uint8Array | null;
}

interface Client {
  newest: number;
  readonly results: Map<number, StoredResult>;
  responseBytes: number;
}

/**
 * The answers of requests that carry an identity, so that a client which lost an answer may ask again
 * through any replica and nothing happens twice. Replicated state, part of the snapshot.
 *
 * Invariant: clients are ordered by when the log last heard of them, and the table's bounds are kept
 * by forgetting the one heard of longest ago; where answers take too much room, by forgetting theirs
 * first, while it stays known that their requests were applied. Only the log decides, so all replicas know the same
 * clients. A client that waits until thousands of others wrote is forgotten; its retry is then new.
 */
export class IdentityTable {
  readonly #bounds: IdentityBounds;
  readonly #clients = new Map<bigint, Client>();
  /** The client at the end of the order, where it is known. */
  #latest: bigint | null = null;
  #resultCount = 0;
  #responseBytes = 0;

  constructor(bounds: IdentityBounds = IDENTITY_BOUNDS) {
    this.#bounds = bounds;
  }

  /** How many clients are known. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /** How many answers are kept. */
  get resultCount(): number {
    return this.#resultCount;
  }

  /** The answer kept for a request, null for one not applied yet, "expired" for one too old to know. */
  find({ client: id, sequence }: RequestIdentity): StoredResult | "expired" | null {
    const client = this.#clients.get(id);
    if (client === undefined) return null;
    if (sequence <= client.newest - IDENTITY_WINDOW) return "expired";
    return client.results.get(sequence) ?? null;
  }

  /** Keeps the answer of a request that `find` did not know. */
  record({ client: id, sequence }: RequestIdentity, result: StoredResult): void {
    const client = this.#touch(id, sequence);
    for (let old = client.newest; old < sequence; old++) {
      this.#drop(client, old - IDENTITY_WINDOW + 1);
    }
    client.newest = Math.max(client.newest, sequence);
    client.results.set(sequence, result);
    const byteLength = result.response?.length ?? 0;
    client.responseBytes += byteLength;
    this.#responseBytes += byteLength;
    this.#resultCount++;
    this.#evict(id);
    if (this.#responseBytes > this.#bounds.responseBytes) this.#forgetAnswers();
  }

  /** The client, moved to the end of the order. */
  #touch(id: bigint, sequence: number): Client {
    let client = this.#clients.get(id);
    if (client === undefined) {
      client = { newest: sequence, results: new Map(), responseBytes: 0 };
    } else if (id === this.#latest) {
      return client;
    } else {
      this.#clients.delete(id);
    }
    this.#clients.set(id, client);
    this.#latest = id;
    return client;
  }

  #drop(client: Client, sequence: number): void {
    const result = client.results.get(sequence);
    if (result === undefined) return;
    client.results.delete(sequence);
    const byteLength = result.response?.length ?? 0;
    client.responseBytes -= byteLength;
    this.#responseBytes -= byteLength;
    this.#resultCount--;
  }

  #evict(keep: bigint): void {
    const { clients, results } = this.#bounds;
    for (const [id, client] of this.#clients) {
      const isFull = this.#clients.size > clients || this.#resultCount > results;
      if (!isFull || id === keep) return;
      this.#clients.delete(id);
      this.#resultCount -= client.results.size;
      this.#responseBytes -= client.responseBytes;
    }
  }

  /** Drops the oldest answers, a quarter of the room for them at once so that it is seldom due. */
  #forgetAnswers(): void {
    const enoughBytes = this.#bounds.responseBytes * 3 / 4;
    for (const client of this.#clients.values()) {
      if (client.responseBytes === 0) continue;
      for (const [sequence, result] of client.results) {
        const byteLength = result.response?.length ?? 0;
        if (byteLength === 0) continue;
        client.results.set(sequence, { ...result, response: null });
        client.responseBytes -= byteLength;
        this.#responseBytes -= byteLength;
        if (this.#responseBytes <= enoughBytes) return;
      }
    }
  }

  /** Writes the whole table. */
  snapshot(writer: ByteWriter): void {
    writer.varint(this.#clients.size);
    for (const [id, { newest, results }] of this.#clients) {
      writer.uint64(id);
      writer.varint(newest);
      writer.varint(results.size);
      for (const [sequence, result] of results) {
        writer.varint(newest - sequence);
        writeResult(writer, result);
      }
    }
  }

  /** Replaces the table by what `snapshot` wrote. */
  restore(reader: ByteReader): void {
    this.#clients.clear();
    this.#latest = null;
    this.#resultCount = 0;
    this.#responseBytes = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const id = reader.uint64();
      const newest = reader.varint();
      const client: Client = { newest, results: new Map(), responseBytes: 0 };
      for (let results = reader.varint(); results > 0; results--) {
        const sequence = newest - reader.varint();
        const result = readResult(reader);
        client.results.set(sequence, result);
        client.responseBytes += result.response?.length ?? 0;
      }
      this.#clients.set(id, client);
      this.#resultCount += client.results.size;
      this.#responseBytes += client.responseBytes;
    }
  }
}

/** Reasons by number. The positions are part of the snapshot's format: add at the end only. */
const REASONS: readonly Reason[] = [
  "key not provided",
  "key not found",
  "value provided",
  "lease provided",
  "too many operations",
  "duplicate key",
  "invalid sort option",
  "compacted",
  "future revision",
  "lease not found",
  "lease exists",
  "lease ttl too large",
  "no space",
  "corrupt",
  "malformed command",
  "identity expired",
  "member not found",
  "member exists",
  "peer url exists",
  "too many learners",
  "not a learner",
  "user name empty",
  "user exists",
  "user not found",
  "role name empty",
  "role exists",
  "role not found",
  "role not granted",
  "permission not given",
  "permission not granted",
  "invalid auth management",
];

function writeResult(writer: ByteWriter, { kind, reason, revision, response }: StoredResult): void {
  writer.byte(kind);
  writer.byte(reason === null ? 0 : REASONS.indexOf(reason) + 1);
  writer.varint(revision);
  // Why one more: zero says that there is no response, one that there is an empty one.
  writer.varint(response === null ? 0 : response.length + 1);
  if (response !== null) writer.raw(response);
}

function readResult(reader: ByteReader): StoredResult {
  const kind = reader.byte() as CommandKind;
  const reasonNumber = reader.byte();
  if (reasonNumber > REASONS.length) {
    throw new MalformedBytesError(`Cannot read an answer with unknown reason ${reasonNumber}`);
  }
  const reason = reasonNumber === 0 ? null : REASONS[reasonNumber - 1];
  const revision = reader.varint();
  const length = reader.varint();
  // Why a copy: a view would keep the whole snapshot header in memory.
  const response = length === 0 ? null : reader.raw(length - 1).slice();
  return { kind, reason, revision, response };
}
