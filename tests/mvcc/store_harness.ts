import { MvccStore } from "../../src/mvcc/store.ts";
import { type RangeRequest, rangeRequest, type RangeResult } from "../../src/mvcc/requests.ts";
import { bytesOf, text } from "../model/kv_model.ts";

/** A store that is written and read with text, for tests that tell a story. */
export class StoreHarness {
  readonly store: MvccStore;

  constructor(segmentBytes = 600) {
    this.store = new MvccStore({ segmentBytes });
  }

  put(key: string, value = "", lease = 0n): number {
    const txn = this.store.begin();
    txn.put(bytesOf(key), bytesOf(value), lease);
    return txn.end().revision;
  }

  delete(key: string, rangeEnd = ""): number {
    const txn = this.store.begin();
    const deleted = txn.deleteRange(bytesOf(key), bytesOf(rangeEnd));
    txn.end();
    return deleted;
  }

  range(key: string, rangeEnd = "", options: Partial<RangeRequest> = {}): RangeResult {
    const result = this.store.range(rangeRequest(bytesOf(key), bytesOf(rangeEnd), options));
    if (typeof result === "string") throw new Error(result);
    return result;
  }

  /** "key=value" of everything at a revision. */
  all(revision = 0): string[] {
    const { kvs } = this.range("\0", "\0", { revision });
    return kvs.map(({ key, value }) => `${text(key)}=${text(value)}`);
  }

  /** Compacts and takes everything superfluous out. */
  compact(revision: number): void {
    const reason = this.store.compact(revision);
    if (reason !== null) throw new Error(reason);
    while (!this.store.compactStep(1));
  }

  /** Every record that is still stored, as "main.sub key" with a minus for a tombstone. */
  records(): string[] {
    const lines: string[] = [];
    const reader = this.store.log.readFrom(0);
    while (reader.next()) {
      const { segment, offset } = reader;
      const mark = segment.isTombstone(offset) ? "-" : "";
      lines.push(
        `${segment.main(offset)}.${segment.sub(offset)} ${mark}${text(segment.key(offset))}`,
      );
    }
    return lines;
  }
}
