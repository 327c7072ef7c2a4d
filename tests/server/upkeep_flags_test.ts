import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../src/server/command_error.ts";
import { parseDurationMs } from "../../src/server/duration.ts";
import { parseFlags } from "../../src/server/flags.ts";
import { parseUpkeep, UPKEEP_FLAGS } from "../../src/server/upkeep_flags.ts";

const parse = (...args: string[]) => parseUpkeep(parseFlags(UPKEEP_FLAGS, args));
const HOUR_MS = 3_600_000;

Deno.test("parseDurationMs() reads Go's durations", () => {
  const cases: [string, number | null][] = [
    ["0", 0],
    ["0s", 0],
    ["500ms", 500],
    ["1h30m", 1.5 * HOUR_MS],
    ["1.5h", 1.5 * HOUR_MS],
    ["2m10s5ms", 130_005],
    ["10", null],
    ["", null],
    ["1 h", null],
    ["-1s", null],
    ["1d", null],
  ];
  for (const [text, expected] of cases) assertEquals(parseDurationMs(text), expected, text);
});

Deno.test("parseUpkeep() has etcd's defaults", () => {
  assertEquals(parse(), { quotaBytes: 0, compaction: null, hashCheckIntervalMs: 0 });
});

Deno.test("parseUpkeep() takes hours, durations and numbers of revisions as etcd does", () => {
  const policy = (...args: string[]) => parse(...args).compaction;
  const retention = "--auto-compaction-retention";
  assertEquals(policy(retention, "2"), { mode: "periodic", retentionMs: 2 * HOUR_MS });
  assertEquals(policy(retention, "10m"), { mode: "periodic", retentionMs: 600_000 });
  const byRevision = ["--auto-compaction-mode", "revision"];
  assertEquals(policy(...byRevision, retention, "1000"), {
    mode: "revision",
    retainedRevisions: 1_000,
  });
  assertEquals(policy(...byRevision, retention, "0"), null);
  assertEquals(parse("--quota-backend-bytes", "-1").quotaBytes, -1);
  assertEquals(parse("--corrupt-check-time", "1m").hashCheckIntervalMs, 60_000);
});

Deno.test("parseUpkeep() refuses what cannot work and names the flag", () => {
  const cases: [string[], string][] = [
    [["--auto-compaction-mode", "daily"], "must be one of periodic, revision"],
    [["--auto-compaction-retention", "soon"], "hours or a duration"],
    [["--auto-compaction-mode", "revision", "--auto-compaction-retention", "1h"], "of revisions"],
    [["--quota-backend-bytes", "2GB"], "--quota-backend-bytes must be a whole number"],
    [["--corrupt-check-time", "5"], "--corrupt-check-time must be a duration"],
  ];
  for (const [args, message] of cases) {
    assertThrows(() => parse(...args), CommandError, message);
  }
});
