import process from "node:process";
import { counterOf, gauge, type Metric } from "../api/metrics/metric.ts";

/** The process as every program shows it to Prometheus; some of it only Linux tells. */
export function processMetrics(): readonly Metric[] {
  const startSeconds = Date.now() / 1_000 - performance.now() / 1_000;
  return [
    gauge(
      "process_start_time_seconds",
      "When the process started, in seconds since 1970.",
      () => startSeconds,
    ),
    gauge(
      "process_resident_memory_bytes",
      "Memory that is in use.",
      () => Deno.memoryUsage().rss,
    ),
    counterOf("process_cpu_seconds_total", "Processor time that was used.", cpuSeconds),
    ...(Deno.build.os === "linux" ? linuxMetrics() : []),
  ];
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function linuxMetrics(): readonly Metric[] {
  return [
    gauge(
      "process_virtual_memory_bytes",
      "Memory that is reserved.",
      () => Number(/^VmSize:\s+(\d+) kB/m.exec(read("status"))?.[1]) * 1_024,
    ),
    gauge("process_open_fds", "Files and sockets that are open.", openFiles),
    gauge(
      "process_max_fds",
      "How many of them there may be.",
      () => limitOf(/^Max open files\s+(\w+)/m.exec(read("limits"))?.[1]),
    ),
  ];
}

function read(name: string): string {
  return Deno.readTextFileSync(`/proc/self/${name}`);
}

function openFiles(): number {
  return Array.from(Deno.readDirSync("/proc/self/fd")).length;
}

function limitOf(text: string | undefined): number {
  return text === "unlimited" ? Infinity : Number(text ?? 0);
}
