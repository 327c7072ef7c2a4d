/**
 * Preloaded into a server's process, watches how long its event loop is held up: when a timer of a
 * few milliseconds fires late by at least `REPORTED_MS`, a line on standard error says how late, how
 * much processor time the process took meanwhile (all threads together), and how long the loop's
 * thread had work and stood in line for a processor that others kept busy.
 */
import process from "node:process";

const PERIOD_MS = 5;
const REPORTED_MS = 15;
/** Linux tells of the first thread, which is the loop's, how long it ran and how long it queued. */
const SCHEDULER = "/proc/self/schedstat";
const hasScheduler = Deno.build.os === "linux";

function queuedMs(): number {
  return hasScheduler ? Number(Deno.readTextFileSync(SCHEDULER).split(" ")[1]) / 1e6 : 0;
}

let queued = queuedMs();
let usage = process.cpuUsage();
let firedMs = performance.now();
const timer = setInterval(() => {
  const lateMs = performance.now() - firedMs - PERIOD_MS;
  if (lateMs >= REPORTED_MS) {
    const { user, system } = process.cpuUsage(usage);
    const fields = [
      `ms=${lateMs.toFixed(1)}`,
      `cpu-ms=${((user + system) / 1_000).toFixed(1)}`,
      `queued-ms=${(queuedMs() - queued).toFixed(1)}`,
    ];
    Deno.stderr.writeSync(new TextEncoder().encode(`loop-pause ${fields.join(" ")}\n`));
  }
  queued = queuedMs();
  usage = process.cpuUsage();
  firedMs = performance.now();
}, PERIOD_MS);
// The main module runs only when the preloaded one has nothing more to wait for.
Deno.unrefTimer(timer);
