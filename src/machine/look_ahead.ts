import { EXPECTED_MAX } from "../mvcc/key_table.ts";
import type { MvccStore } from "../mvcc/store.ts";
import { type Command, CommandKind } from "../proto/command.ts";

/** How many commands are read before they are applied. */
export const LOOK_AHEAD_COMMANDS: number = EXPECTED_MAX;

const KEY_TAG = 0x0a;

/**
 * Has the processor load what commands that come next will read of the store.
 *
 * Why: in a large store each put waits for several cache misses, one after the other; those of many
 * puts together are waited for once. This is a hint alone: it looks at where a short key stands in
 * an honest body, and it may be wrong.
 */
export function lookAhead({ table }: MvccStore, commands: readonly Command[]): void {
  for (const { kind, body } of commands) {
    if (kind !== CommandKind.Put && kind !== CommandKind.DeleteRange) continue;
    if (body.length < 2 || body[0] !== KEY_TAG || body[1] > 0x7f) continue;
    table.expect(body, 2, Math.min(body.length, 2 + body[1]));
  }
  table.touchExpected();
}
