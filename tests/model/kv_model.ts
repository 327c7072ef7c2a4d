/**
 * The store's meaning in the plainest form: one whole map of keys for every revision. Slow, and
 * obviously right; random histories compare the real store with it.
 */

import { compareBytes } from "../../src/base/bytes.ts";
import type { KeyValue, MvccReason } from "../../src/mvcc/key_value.ts";
import type * as etcd from "../../src/mvcc/requests.ts";

/** Keys are text of one character per byte, which orders as bytes do. */
type State = ReadonlyMap<string, KeyValue>;

/** One change, as a watcher would see it. */
export interface ModelEvent {
  type: 0 | 1;
  kv: KeyValue;
  prevKv?: KeyValue;
}

const NO_BYTES = new Uint8Array(0);

/** Bytes as text of one character per byte. */
export function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Text of one character per byte as bytes. */
export function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(name, (char) => char.charCodeAt(0));
}

function within(name: string, key: Uint8Array, rangeEnd: Uint8Array): boolean {
  const end = text(rangeEnd);
  if (end === "") return name === text(key);
  return name >= text(key) && (end === "\0" || name < end);
}

export class KvModel {
  revision = 1;
  compactRevision = -1;
  leases = new Set<bigint>();
  /** The state after each revision; during a command the newest one is the state so far. */
  readonly #states: Map<number, State> = new Map([[1, new Map()]]);
  /** The changes of each revision in their order. */
  readonly #changes: Map<number, ModelEvent[]> = new Map();
  #current: Map<string, KeyValue> = new Map();
  #changed: ModelEvent[] = [];

  // Commands.

  put(request: etcd.PutRequest): etcd.PutResult | MvccReason {
    return this.#command(this.#refusePut(request), () => this.#put(request));
  }

  deleteRange(request: etcd.DeleteRangeRequest): etcd.DeleteRangeResult {
    const result = this.#command(null, () => this.#delete(request));
    if (typeof result === "string") throw new Error(result);
    return result;
  }

  txn(request: etcd.TxnRequest): etcd.TxnResult | MvccReason {
    const decisions = this.#decide(request);
    const result = this.#command(
      this.#refuseTxn(request, [...decisions]),
      () => this.#runTxn(request, [...decisions]),
    );
    if (typeof result !== "string") result.revision = this.revision;
    return result;
  }

  compact(revision: number): MvccReason | null {
    if (revision <= this.compactRevision) return "compacted";
    if (revision > this.revision) return "future revision";
    this.compactRevision = revision;
    return null;
  }

  #command<T>(reason: MvccReason | null, run: () => T): T | MvccReason {
    if (reason !== null) return reason;
    this.#current = new Map(this.#states.get(this.revision));
    this.#changed = [];
    const result = run();
    if (this.#changed.length > 0) {
      this.revision++;
      this.#states.set(this.revision, this.#current);
      this.#changes.set(this.revision, this.#changed);
    }
    this.#changed = [];
    return result;
  }

  get #newest(): State {
    return this.#changed.length > 0 ? this.#current : this.#stateAt(this.revision);
  }

  /** The revision that an operation of a command is at. */
  get #here(): number {
    return this.#changed.length > 0 ? this.revision + 1 : this.revision;
  }

  /** The keys as they were after a revision, whether it is compacted or not. */
  stateAt(revision: number): State {
    return this.#stateAt(revision);
  }

  #stateAt(revision: number): State {
    if (revision === this.revision + 1) return this.#current;
    return this.#states.get(revision) ?? new Map();
  }

  // Puts and deletes.

  #refusePut(request: etcd.PutRequest): MvccReason | null {
    if (request.lease !== 0n && !this.leases.has(request.lease)) return "lease not found";
    const exists = this.#newest.has(text(request.key));
    if ((request.ignoreValue || request.ignoreLease) && !exists) return "key not found";
    return null;
  }

  #put(request: etcd.PutRequest): etcd.PutResult {
    const name = text(request.key);
    const old = this.#newest.get(name);
    const main = this.revision + 1;
    const kv = {
      key: request.key,
      createRevision: old?.createRevision ?? main,
      modRevision: main,
      version: (old?.version ?? 0) + 1,
      value: request.ignoreValue ? old!.value : request.value,
      lease: request.ignoreLease ? old!.lease : request.lease,
    };
    this.#current.set(name, kv);
    this.#change(0, kv);
    return { revision: main, prevKv: request.prevKv ? old ?? null : null };
  }

  #delete(request: etcd.DeleteRangeRequest): etcd.DeleteRangeResult {
    const doomed = this.#select(this.#newest, request);
    for (const { key } of doomed) {
      this.#current.delete(text(key));
      const nothing = { createRevision: 0, version: 0, value: NO_BYTES, lease: 0n };
      this.#change(1, { key, modRevision: this.revision + 1, ...nothing });
    }
    const prevKvs = request.prevKv ? doomed : [];
    return { revision: this.#here, deleted: doomed.length, prevKvs };
  }

  #change(type: 0 | 1, kv: KeyValue): void {
    const prevKv = this.#stateAt(this.revision).get(text(kv.key));
    const created = kv.createRevision === kv.modRevision;
    this.#changed.push(
      prevKv === undefined || created ? { type, kv } : { type, kv, prevKv },
    );
  }

  #select(state: State, { key, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }): KeyValue[] {
    const names = [...state.keys()].filter((name) => within(name, key, rangeEnd)).sort();
    return names.map((name) => state.get(name)!);
  }

  // Reads.

  range(request: etcd.RangeRequest): etcd.RangeResult | MvccReason {
    const reason = request.revision > 0 ? this.#refuseRead(request.revision) : null;
    if (reason !== null) return reason;
    const revision = request.revision > 0 ? request.revision : this.#here;
    const all = this.#select(this.#stateAt(revision), request);
    if (request.countOnly) {
      return { revision: this.#here, kvs: [], more: false, count: all.length };
    }
    let kvs = all.map((kv) => ({ ...kv }));
    const { sortTarget, sortOrder, limit } = request;
    const inKeyOrder = sortOrder === 0 || (sortTarget === 0 && sortOrder === 1);
    const filters = [
      request.maxModRevision === 0 || ((kv: KeyValue) => kv.modRevision <= request.maxModRevision),
      request.minModRevision === 0 || ((kv: KeyValue) => kv.modRevision >= request.minModRevision),
      request.maxCreateRevision === 0 ||
      ((kv: KeyValue) => kv.createRevision <= request.maxCreateRevision),
      request.minCreateRevision === 0 ||
      ((kv: KeyValue) => kv.createRevision >= request.minCreateRevision),
    ].filter((filter) => filter !== true);
    if (limit > 0 && inKeyOrder && filters.length === 0) kvs = kvs.slice(0, limit + 1);
    for (const filter of filters) kvs = kvs.filter(filter);
    const by: ((a: KeyValue, b: KeyValue) => number)[] = [
      (a, b) => compareBytes(a.key, b.key),
      (a, b) => a.version - b.version,
      (a, b) => a.createRevision - b.createRevision,
      (a, b) => a.modRevision - b.modRevision,
      (a, b) => compareBytes(a.value, b.value),
    ];
    const order = by[sortTarget];
    kvs.sort(sortOrder === 2 ? (a, b) => order(b, a) : order);
    const more = limit > 0 && kvs.length > limit;
    if (more) kvs = kvs.slice(0, limit);
    if (request.keysOnly) {
      for (const kv of kvs) {
        kv.value = NO_BYTES;
        if (sortTarget !== 4) kv.lease = 0n;
      }
    }
    return { revision: this.#here, kvs, more, count: all.length };
  }

  #refuseRead(revision: number): MvccReason | null {
    if (revision > this.#here) return "future revision";
    return revision < this.compactRevision ? "compacted" : null;
  }

  // Transactions.

  /** Whether each transaction on the way succeeds, itself first, then those nested in its branch. */
  #decide(request: etcd.TxnRequest): boolean[] {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const decisions = [succeeded];
    for (const { requestTxn } of succeeded ? request.success : request.failure) {
      if (requestTxn !== undefined) decisions.push(...this.#decide(requestTxn));
    }
    return decisions;
  }

  #holds(compare: etcd.Compare): boolean {
    const kvs = this.#select(this.#newest, compare);
    const absent = { createRevision: 0, modRevision: 0, version: 0, value: NO_BYTES, lease: 0n };
    if (kvs.length === 0) {
      if (compare.target === 3) return false;
      kvs.push({ key: compare.key, ...absent });
    }
    return kvs.every((kv) => {
      const order = [
        kv.version - (compare.version ?? 0),
        kv.createRevision - (compare.createRevision ?? 0),
        kv.modRevision - (compare.modRevision ?? 0),
        compareBytes(kv.value, compare.value ?? NO_BYTES),
        Number(kv.lease - (compare.lease ?? 0n)),
      ][compare.target];
      return [order === 0, order > 0, order < 0, order !== 0][compare.result];
    });
  }

  #refuseTxn(
    request: etcd.TxnRequest,
    decisions: boolean[],
    deletes: etcd.DeleteRangeRequest[] = [],
  ): MvccReason | null {
    for (const op of decisions.shift() ? request.success : request.failure) {
      let reason: MvccReason | null = null;
      if (op.requestRange !== undefined && op.requestRange.revision !== 0) {
        reason = this.#refuseRead(op.requestRange.revision);
      }
      if (op.requestPut !== undefined) reason = this.#refusePutAfter(deletes, op.requestPut);
      if (op.requestDeleteRange !== undefined) deletes.push(op.requestDeleteRange);
      if (op.requestTxn !== undefined) reason = this.#refuseTxn(op.requestTxn, decisions, deletes);
      if (reason !== null) return reason;
    }
    return null;
  }

  /** A put that keeps something of its key cannot come after a delete of it. */
  #refusePutAfter(
    deletes: readonly etcd.DeleteRangeRequest[],
    request: etcd.PutRequest,
  ): MvccReason | null {
    const keeps = request.ignoreValue || request.ignoreLease;
    const name = text(request.key);
    const gone = deletes.some(({ key, rangeEnd }) => within(name, key, rangeEnd));
    return this.#refusePut(request) ?? (keeps && gone ? "key not found" : null);
  }

  #runTxn(request: etcd.TxnRequest, decisions: boolean[]): etcd.TxnResult {
    const succeeded = decisions.shift()!;
    const responses = (succeeded ? request.success : request.failure).map((op): etcd.OpResult => {
      if (op.requestPut !== undefined) return { put: this.#put(op.requestPut) };
      if (op.requestDeleteRange !== undefined) {
        return { deleteRange: this.#delete(op.requestDeleteRange) };
      }
      if (op.requestTxn !== undefined) return { txn: this.#runTxn(op.requestTxn, decisions) };
      const range = this.range(op.requestRange!);
      if (typeof range === "string") throw new Error(range);
      return { range };
    });
    return { revision: 0, succeeded, responses };
  }

  // Watches.

  /** The changes that made a revision, in their order. */
  changesAt(revision: number): readonly ModelEvent[] {
    return this.#changes.get(revision) ?? [];
  }

  /** What a watcher from `revision` on must have seen by now, revision by revision. */
  eventsSince(
    revision: number,
    watch: { key: Uint8Array; rangeEnd: Uint8Array; filters: readonly number[]; prevKv: boolean },
  ): ModelEvent[] {
    const events: ModelEvent[] = [];
    for (const [at, changes] of this.#changes) {
      if (at < revision) continue;
      for (const { type, kv, prevKv } of changes) {
        if (!within(text(kv.key), watch.key, watch.rangeEnd) || watch.filters.includes(type)) {
          continue;
        }
        events.push(watch.prevKv && prevKv !== undefined ? { type, kv, prevKv } : { type, kv });
      }
    }
    return events;
  }

  // Hashing.

  /** The bytes that etcd's HashKV sums up for a revision, worked out from its definition. */
  hashedBytes(revision: number): Uint8Array {
    const keptAt = this.#stateAt(revision).size > 0 ? revision : this.compactRevision;
    const kept = this.#stateAt(keptAt);
    const bytes = [...bytesOf("key")];
    for (const [at, changes] of this.#changes) {
      if (at > revision) continue;
      changes.forEach(({ type, kv }, sub) => {
        const isKept = type === 0 && kept.get(text(kv.key)) === kv;
        if (at <= this.compactRevision && !isKept) return;
        bytes.push(...bigEndian64(at), 0x5f, ...bigEndian64(sub));
        if (type === 1) bytes.push(0x74);
        bytes.push(...field(1, kv.key));
        if (type === 1) return;
        bytes.push(...number(2, kv.createRevision), ...number(3, at), ...number(4, kv.version));
        bytes.push(...field(5, kv.value), ...number(6, Number(kv.lease)));
      });
    }
    return Uint8Array.from(bytes);
  }
}

function bigEndian64(value: number): number[] {
  return [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)].reverse();
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function number(fieldNumber: number, value: number): number[] {
  return value === 0 ? [] : [fieldNumber * 8, ...varint(value)];
}

function field(fieldNumber: number, value: Uint8Array): number[] {
  return value.length === 0 ? [] : [fieldNumber * 8 + 2, ...varint(value.length), ...value];
}
