import type { KvorumClient } from "../client.ts";
import { CompactedError, KvorumError } from "../errors.ts";
import type { KeyRange } from "../key_range.ts";
import type { KeyValue } from "../key_value.ts";

/** How long a recipe waits for others. */
export interface RecipeOptions {
  /** Ends the waiting, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long to wait altogether. @default {as long as it takes} */
  readonly deadlineMs?: number;
}

/** The longest time that timers can wait. */
const TIMER_MAX_MS = 2_147_483_647;

/**
 * Runs what waits for others, with one signal for all that may end it.
 * @param lost The signal of the session that it hangs on, if there is one.
 * @throws {KvorumError} `DEADLINE_EXCEEDED` when the deadline has passed
 */
export async function waiting<T>(
  client: KvorumClient,
  { signal, deadlineMs }: RecipeOptions,
  lost: AbortSignal | null,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const signals = [deadline.signal];
  if (lost !== null) signals.push(lost);
  if (signal !== undefined) signals.push(signal);
  const timer = deadlineMs === undefined ? null : client.clock.after(
    Math.min(deadlineMs, TIMER_MAX_MS),
    () => deadline.abort(new KvorumError("DEADLINE_EXCEEDED", `not within ${deadlineMs} ms`)),
  );
  try {
    const all = AbortSignal.any(signals);
    all.throwIfAborted();
    return await wait(all);
  } finally {
    timer?.stop();
  }
}

/**
 * Waits for a change.
 * @returns one key of the first change, or null when history was compacted meanwhile: look again
 */
export async function nextChange(
  client: KvorumClient,
  range: KeyRange,
  of: "puts" | "deletes" | "all",
  startRevision: number,
  signal: AbortSignal,
): Promise<KeyValue | null> {
  const options = { startRevision, signal };
  const watch = of === "all"
    ? client.watch(range, options)
    : client.watch(range, { ...options, without: of === "puts" ? "deletes" : "puts" });
  try {
    for await (const { events } of watch) return events[0].kv;
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
  }
  return null;
}

/** A name that nobody else has: the time, for whoever lists the keys, then chance. */
export function uniqueName({ clock }: KvorumClient): string {
  const [drawn] = crypto.getRandomValues(new Uint32Array(1));
  return `${Math.floor(clock.wallMs())}${String(drawn).padStart(10, "0")}`;
}
