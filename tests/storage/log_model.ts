import { equal } from "@std/assert";
import type { Prng } from "../../src/base/prng.ts";
import type { Entry } from "../../src/raft/entry.ts";
import { EMPTY_HARD_STATE, type HardState } from "../../src/raft/hard_state.ts";
import type { Segment, SnapshotManifest } from "../../src/raft/snapshot.ts";
import type { LogBatch, LogStore, RecoveredLog } from "../../src/storage/log_store.ts";
import { bytesOf, entriesFrom, manifestOf, segmentOf } from "./fixtures.ts";

/** What a store should hold: the contract of `LogStore` in its simplest form. */
export interface LogModel {
  readonly identity: Uint8Array | null;
  readonly hardState: HardState;
  readonly manifest: SnapshotManifest | null;
  readonly segments: readonly Segment[];
  /** All entries ever kept before `start`, as forgotten ones may come back after a crash. */
  readonly entries: readonly Entry[];
  /** The first index that must be there. */
  readonly start: number;
}

export const EMPTY_MODEL: LogModel = {
  identity: null,
  hardState: EMPTY_HARD_STATE,
  manifest: null,
  segments: [],
  entries: [],
  start: 1,
};

/** A step that a store may be asked for, and what it does to the model. */
export interface Step {
  readonly name: string;
  readonly isAppend: boolean;
  run(store: LogStore): Promise<void>;
  after(model: LogModel): LogModel;
}

function lastIndex(model: LogModel): number {
  return model.entries.at(-1)?.index ?? model.manifest?.index ?? 0;
}

function appendStep(model: LogModel, prng: Prng): Step {
  const last = lastIndex(model);
  const commit = Math.max(model.manifest?.index ?? 0, model.start - 1);
  const first = prng.chance(0.3) ? prng.between(commit + 1, last + 2) : last + 1;
  let term = (model.entries.find((entry) => entry.index === first - 1)?.term ??
    model.manifest?.term ?? 1) +
    (first <= last ? 20 : 0);
  const terms: number[] = [];
  for (let i = prng.between(0, 5); i > 0; i--) terms.push(term += prng.between(0, 2));
  const batch: LogBatch = {
    hardState: prng.chance(0.4) || terms.length === 0
      ? { term: term + 1, vote: BigInt(prng.between(0, 9)), commit }
      : null,
    entries: entriesFrom(first, terms, prng.chance(0.1) ? 3000 : prng.between(0, 200)),
  };
  return {
    name: `append ${terms.length} at ${first}`,
    isAppend: true,
    run: (store) => store.append(batch),
    after: (before) => ({
      ...before,
      hardState: batch.hardState ?? before.hardState,
      entries: terms.length === 0
        ? before.entries
        : [...before.entries.filter((entry) => entry.index < first), ...batch.entries],
    }),
  };
}

function snapshotStep(model: LogModel, prng: Prng): Step {
  const last = lastIndex(model);
  const oldest = model.manifest?.index ?? 0;
  const isInstallation = last === oldest || prng.chance(0.3);
  // An installed snapshot lies past the log, or inside a log that took another course.
  const index = prng.between(oldest + 1, isInstallation ? last + 9 : last + 1);
  const known = model.entries.find((entry) => entry.index === index)?.term ?? 0;
  const latest = model.entries.at(-1)?.term ?? model.manifest?.term ?? 0;
  const term = isInstallation ? latest + 20 : known;
  const kept = model.segments.filter(() => prng.chance(0.6));
  const added = Array.from(
    { length: prng.between(0, 3) },
    () => segmentOf(prng.between(0, 1_000_000), prng.between(0, 3000)),
  );
  const segments = [...kept, ...added];
  const manifest = manifestOf(index, term, segments);
  return {
    name: `snapshot ${isInstallation ? "installed " : ""}at ${index}`,
    isAppend: false,
    run: (store) => store.saveSnapshot(manifest, added),
    after: (before) => ({
      ...before,
      manifest,
      segments,
      entries: isInstallation ? [] : before.entries,
      start: isInstallation ? index + 1 : before.start,
    }),
  };
}

function compactStep(model: LogModel, prng: Prng): Step {
  const through = prng.between(0, (model.manifest?.index ?? 0) + 1);
  return {
    name: `compact through ${through}`,
    isAppend: false,
    run: (store) => store.compact(through),
    after: (before) => ({ ...before, start: Math.max(before.start, through + 1) }),
  };
}

function identityStep(prng: Prng): Step {
  const identity = bytesOf(prng.between(0, 60), prng.between(0, 1000));
  return {
    name: "identity",
    isAppend: false,
    run: (store) => store.saveIdentity(identity),
    after: (before) => ({ ...before, identity }),
  };
}

/** One step, or an append and another one beside each other. */
export function randomSteps(model: LogModel, prng: Prng): Step[] {
  const kind = prng.next();
  if (kind < 0.55) return [appendStep(model, prng)];
  const other = kind < 0.75
    ? snapshotStep(model, prng)
    : kind < 0.95
    ? compactStep(model, prng)
    : identityStep(prng);
  // Only a snapshot that replaces the log needs it to itself.
  const mayOverlap = !other.name.includes("installed");
  return mayOverlap && prng.chance(0.5) ? [other, appendStep(other.after(model), prng)] : [other];
}

/** Everything that may be there after some of the steps took effect and others did not. */
export function outcomesOf(model: LogModel, steps: readonly Step[]): LogModel[] {
  let outcomes = [model];
  for (const step of steps) outcomes = [...outcomes, ...outcomes.map((one) => step.after(one))];
  return outcomes;
}

/** What keeps `recovered` from being what `model` says, or null. */
export async function differenceOf(
  recovered: RecoveredLog,
  model: LogModel,
): Promise<string | null> {
  if (!equal(recovered.identity, model.identity)) return "identity";
  if (!equal(recovered.hardState, model.hardState)) return "hard state";
  if (!equal(recovered.snapshot?.manifest ?? null, model.manifest)) return "manifest";
  for (const { id, bytes } of model.segments) {
    if (!equal(await recovered.snapshot?.readSegment(id), bytes)) return `segment ${id}`;
  }
  const first = recovered.entries[0]?.index ?? model.start;
  const expected = model.entries.filter((entry) => entry.index >= Math.min(first, model.start));
  if (first > model.start && expected.length > 0) return `entries begin at ${first}`;
  if (!equal(recovered.entries, expected)) return "entries";
  return null;
}
