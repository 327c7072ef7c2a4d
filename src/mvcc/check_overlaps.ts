import { IntervalTree } from "./interval_tree.ts";
import { isFromKey, keyInterval } from "./key_interval.ts";
import type { MvccReason } from "./key_value.ts";
import type { RequestOp } from "./requests.ts";

/** What a list of operations writes, whichever way its nested transactions go. */
interface Writes {
  /** Keys by their bytes as text of one character each. */
  readonly puts: Map<string, Uint8Array>;
  readonly deletes: IntervalTree<true>;
}

/**
 * Refuses a list of operations that puts a key twice, or puts a key that it also deletes, nested
 * transactions included. The two branches of one nested transaction may put the same key, since only
 * one of them runs. Ref: etcd v3rpc/key.go, checkIntervals.
 *
 * Why: as in etcd, an interval is taken literally here, so a delete "from this key on" (its end is a
 * zero byte) overlaps with nothing; and a nested put is not held against the deletes of nested
 * transactions that come after it.
 */
export function checkOverlaps(ops: readonly RequestOp[]): MvccReason | null {
  return collect(ops) === null ? "duplicate key" : null;
}

/** Gives null when there is an overlap. */
function collect(ops: readonly RequestOp[]): Writes | null {
  const writes: Writes = { puts: new Map(), deletes: new IntervalTree() };
  for (const { requestDeleteRange } of ops) {
    if (requestDeleteRange === undefined) continue;
    const { key, rangeEnd } = requestDeleteRange;
    const interval = keyInterval(key, rangeEnd);
    if (interval !== null && !isFromKey(rangeEnd)) writes.deletes.set(interval, true);
  }
  for (const { requestTxn } of ops) {
    if (requestTxn === undefined) continue;
    const success = collect(requestTxn.success);
    const failure = collect(requestTxn.failure);
    if (success === null || failure === null) return null;
    if (overlaps(success.puts, writes) || overlaps(failure.puts, writes)) return null;
    for (const branch of [success, failure]) {
      for (const [name, key] of branch.puts) writes.puts.set(name, key);
      branch.deletes.forEach((interval) => writes.deletes.set(interval, true));
    }
  }
  for (const { requestPut } of ops) {
    if (requestPut === undefined) continue;
    const put = new Map([[keyName(requestPut.key), requestPut.key]]);
    if (overlaps(put, writes)) return null;
    writes.puts.set(keyName(requestPut.key), requestPut.key);
  }
  return writes;
}

function overlaps(puts: ReadonlyMap<string, Uint8Array>, writes: Writes): boolean {
  for (const [name, key] of puts) {
    if (writes.puts.has(name) || writes.deletes.covers(key)) return true;
  }
  return false;
}

const NAME_CHUNK = 4096;

function keyName(key: Uint8Array): string {
  let name = "";
  for (let i = 0; i < key.length; i += NAME_CHUNK) {
    name += String.fromCharCode(...key.subarray(i, i + NAME_CHUNK));
  }
  return name;
}
