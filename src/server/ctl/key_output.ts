import type { KeyValue } from "../../client/mod.ts";
import { concatBytes } from "../../base/bytes.ts";

const NEW_LINE = Uint8Array.of(10);

/** What of a key is shown. */
export interface ShownParts {
  readonly key: boolean;
  readonly value: boolean;
}

/** A key as lines of its own bytes: the key, then the value. */
export function keyLines(kv: KeyValue, { key, value }: ShownParts = BOTH): Uint8Array {
  return concatBytes([
    ...(key ? [kv.key, NEW_LINE] : []),
    ...(value ? [kv.value, NEW_LINE] : []),
  ]);
}

const BOTH: ShownParts = { key: true, value: true };
