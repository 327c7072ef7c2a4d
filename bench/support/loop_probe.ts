/**
 * Preloaded into a server's process, watches how long its event loop is held up: when a timer of a
 * few milliseconds fires late by at least `REPORTED_MS`, a line on standard error says how late, and
 * how much processor time the process took meanwhile (all threads together).
 */
import process from "node:process";

const PERIOD_MS = 5;
const REPORTED_MS = 15;

let firedMs = performance.now();
let usage = process.cpuUsage();
const timer = setInterval(() => {
  const nowMs = performance.now();
  const { user, system } = process.cpuUsage(usage);
  const lateMs = nowMs - firedMs - PERIOD_MS;
  if (lateMs >= REPORTED_MS) {
    const cpuMs = (user + system) / 1_000;
    const line = `loop-pause ms=${lateMs.toFixed(1)} cpu-ms=${cpuMs.toFixed(1)}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  }
  firedMs = performance.now();
  usage = process.cpuUsage();
}, PERIOD_MS);
// The main module runs only when the preloaded one has nothing more to wait for.
Deno.unrefTimer(timer);
