import { REQUEST_TIMEOUT_BASE_MS } from "../../base/limits.ts";
import type { Machine } from "../../machine/machine.ts";

/** How often it is looked whether a compaction has ended. */
const POLL_MS = 25;

/**
 * Waits until a compaction under way has given its space back here, or for as long as a request may
 * take. Why only waiting: all replicas free space in the same steps of the log, or their segments
 * would differ.
 */
export async function freedSpace({ store }: Machine, signal?: AbortSignal): Promise<void> {
  for (let leftMs = REQUEST_TIMEOUT_BASE_MS; store.compacting && leftMs > 0; leftMs -= POLL_MS) {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS));
  }
}
