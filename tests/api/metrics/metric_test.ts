import { assertEquals } from "@std/assert";
import {
  Counter,
  counterOf,
  gauge,
  gauges,
  Histogram,
  Metrics,
} from "../../../src/api/metrics/metric.ts";

Deno.test("Metrics.text() is Prometheus's text form, by name", () => {
  const metrics = new Metrics();
  const calls = metrics.counter("calls_total", "Calls.");
  calls.cell({ method: "Put" }).value += 2;
  calls.cell({ method: "Put" }).value++;
  calls.cell({ method: 'a"b\\c\nd' }).value++;
  metrics.add(
    gauge("quota", "A limit.", () => Infinity),
    counterOf("beats_total", "Beats.", () => 7),
    gauges("alarms", "Alarms.", () => [[{ type: "NOSPACE" }, 1]]),
  );
  assertEquals(
    metrics.text(),
    `# HELP alarms Alarms.
# TYPE alarms gauge
alarms{type="NOSPACE"} 1
# HELP beats_total Beats.
# TYPE beats_total counter
beats_total 7
# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{method="Put"} 3
calls_total{method="a\\"b\\\\c\\nd"} 1
# HELP quota A limit.
# TYPE quota gauge
quota +Inf
`,
  );
});

Deno.test("Histogram.lines() adds up what lies below each bound", () => {
  const histogram = new Histogram("wait_seconds", "Waits.", [0.5, 1]);
  for (const value of [0.25, 0.5, 0.75, 3]) histogram.observe(value);
  assertEquals([...histogram.lines()], [
    'wait_seconds_bucket{le="0.5"} 2',
    'wait_seconds_bucket{le="1"} 3',
    'wait_seconds_bucket{le="+Inf"} 4',
    "wait_seconds_sum 4.5",
    "wait_seconds_count 4",
  ]);
});

Deno.test("Counter.lines() shows a count of zero once somebody keeps it", () => {
  const counter = new Counter("n", "N.");
  assertEquals([...counter.lines()], []);
  counter.cell();
  assertEquals([...counter.lines()], ["n 0"]);
});
