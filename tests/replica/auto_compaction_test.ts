import { assert, assertEquals } from "@std/assert";
import { CommandKind } from "../../src/machine/command.ts";
import { encodeToBytes } from "../../src/proto/codec.ts";
import { PutRequest } from "../../src/proto/kv.ts";
import { AutoCompaction, type CompactionPolicy } from "../../src/replica/auto_compaction.ts";
import { VirtualCluster } from "./virtual_cluster.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Runs a schedule on a store that grows by one revision a minute, and lists what it compacts. */
function simulate(
  policy: CompactionPolicy,
  minutes: number,
  options: { leads?: (minute: number) => boolean; succeeds?: (minute: number) => boolean } = {},
): [minute: number, revision: number][] {
  const schedule = new AutoCompaction(policy, 0, 1);
  const made: [number, number][] = [];
  let compactRevision = -1;
  for (let minute = 1; minute <= minutes; minute++) {
    const leads = options.leads?.(minute) ?? true;
    const store = { revision: minute + 1, compactRevision };
    const revision = schedule.due(minute * MINUTE_MS, leads, store);
    if (revision === null) continue;
    made.push([minute, revision]);
    if (options.succeeds?.(minute) ?? true) compactRevision = revision;
  }
  return made;
}

Deno.test("AutoCompaction keeps an hour of history and compacts every hour", () => {
  // Looks come every six minutes. The window holds eleven notes, so later ones are 66 minutes old.
  assertEquals(simulate({ mode: "periodic", retentionMs: HOUR_MS }, 185), [
    [60, 1],
    [120, 55],
    [180, 115],
  ]);
});

Deno.test("AutoCompaction keeps a day of history and compacts every hour once it has a day", () => {
  const made = simulate({ mode: "periodic", retentionMs: 24 * HOUR_MS }, 26 * 60);
  assertEquals(made.map(([minute]) => minute), [24 * 60, 25 * 60, 26 * 60]);
  assertEquals(made.map(([, revision]) => revision), [1, 55, 115]);
});

Deno.test("AutoCompaction compacts every retention when that is under an hour", () => {
  const made = simulate({ mode: "periodic", retentionMs: 10 * MINUTE_MS }, 35);
  assertEquals(made, [[10, 1], [20, 10], [30, 20]]);
});

Deno.test("AutoCompaction tries again at the next look when a proposal was lost", () => {
  const policy = { mode: "periodic", retentionMs: 10 * MINUTE_MS } as const;
  const made = simulate(policy, 25, { succeeds: (minute) => minute !== 10 });
  assertEquals(made, [[10, 1], [11, 1], [21, 11]]);
});

Deno.test("AutoCompaction of a follower notes revisions and compacts nothing", () => {
  const policy = { mode: "periodic", retentionMs: 10 * MINUTE_MS } as const;
  assertEquals(simulate(policy, 60, { leads: () => false }), []);
  // One that comes to lead knows at once what the store was like a retention ago.
  assertEquals(simulate(policy, 34, { leads: (minute) => minute >= 33 }), [[33, 23]]);
});

Deno.test("AutoCompaction keeps the last revisions and looks every five minutes", () => {
  const made = simulate({ mode: "revision", retainedRevisions: 8 }, 21);
  assertEquals(made, [[10, 3], [15, 8], [20, 13]]);
});

Deno.test("AutoCompaction leaves a store alone that nobody writes to", () => {
  for (
    const policy of [
      { mode: "revision", retainedRevisions: 10 },
      { mode: "periodic", retentionMs: 10 * MINUTE_MS },
    ] as const
  ) {
    const schedule = new AutoCompaction(policy, 0, 100);
    const made: number[] = [];
    let compactRevision = -1;
    for (let minute = 1; minute < 120; minute++) {
      const revision = schedule.due(minute * MINUTE_MS, true, { revision: 100, compactRevision });
      if (revision !== null) made.push(compactRevision = revision);
    }
    assertEquals(made.length, 1, `${policy.mode}: ${made}`);
  }
});

Deno.test("Replica compacts by itself, everywhere alike, and says so", async () => {
  const upkeep = { compaction: { mode: "periodic", retentionMs: 10_000 } } as const;
  await using cluster = await VirtualCluster.start(3, { upkeep });
  const [node] = cluster.nodes;
  for (let i = 0; i < 15; i++) {
    const body = encodeToBytes(PutRequest, {
      key: new Uint8Array([1]),
      value: new Uint8Array([i]),
      lease: 0n,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    });
    await cluster.propose(node, CommandKind.Put, body);
    await cluster.run(1_000);
  }
  const { store } = node.replica.machine;
  assert(store.compactRevision >= 1 && store.compactRevision < store.revision);
  await cluster.run(25_000);
  for (const { replica, events } of cluster.nodes) {
    const { compactRevision, revision } = replica.machine.store;
    assertEquals([compactRevision, revision], [16, 16]);
    assert(events.some((event) => event.type === "compacted" && event.revision === 16));
    assert(events.some((event) => event.type === "spaceFreed"));
  }
});
