/** The signals by which a program is asked to end. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** One of them. */
export type EndSignal = typeof SIGNALS[number];
/** A signal to oneself works within so long. */
const DEATH_MS = 5_000;

/** Runs `body` with a signal that SIGINT and SIGTERM abort; the first is the reason. */
export async function untilSignal<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listeners = SIGNALS.map((name) => ({ name, stop: () => controller.abort(name) }));
  for (const { name, stop } of listeners) Deno.addSignalListener(name, stop);
  try {
    return await body(controller.signal);
  } finally {
    for (const { name, stop } of listeners) Deno.removeSignalListener(name, stop);
  }
}

/**
 * Ends the process by the signal that it was sent, so that whoever waits for it sees that it was
 * asked to end. The kernel does not kill the first process of a system in this way.
 *
 * Ref: etcd pkg/osutil/interrupt_unix.go.
 */
export async function dieBy(signal: EndSignal): Promise<never> {
  if (Deno.pid === 1) Deno.exit(0);
  Deno.kill(Deno.pid, signal);
  await new Promise((resolve) => setTimeout(resolve, DEATH_MS));
  Deno.exit(1);
}
