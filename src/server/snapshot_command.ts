import { foundFromMachine } from "../replica/foundation.ts";
import { INSTANCE_ID_BYTES } from "../replica/identity.ts";
import { CommandError } from "./command_error.ts";
import { type FlagSpec, parseFlags } from "./flags.ts";
import { parseUrls } from "./listen_url.ts";
import { clusterIdOf } from "../replica/member_id.ts";
import { openStorage } from "./open_storage.ts";
import { oneOf, parseCluster, SERVE_FLAGS, STORAGES } from "./serve_flags.ts";
import { describeSnapshot, readSnapshotFile } from "./snapshot_reader.ts";
import { saveSnapshot } from "./snapshot_save.ts";

/** The flags of `kvorum snapshot save`. */
export const SAVE_FLAGS: readonly FlagSpec[] = [
  {
    name: "endpoint",
    kind: "string",
    default: "http://localhost:2379",
    help: "The client URL of the replica to ask.",
  },
];

const RESTORED = [
  "name",
  "data-dir",
  "storage",
  "initial-cluster",
  "initial-cluster-token",
  "initial-advertise-peer-urls",
];

/** The flags of `kvorum snapshot restore`: those of `serve` that say who the replica will be. */
export const RESTORE_FLAGS: readonly FlagSpec[] = [
  ...SERVE_FLAGS.filter(({ name }) => RESTORED.includes(name)),
  {
    name: "bump-revision",
    kind: "number",
    default: "0",
    help: "How many revisions to pass over, more than were made since the snapshot.",
  },
  {
    name: "mark-compacted",
    kind: "boolean",
    default: "false",
    help: "Compact at the newest revision, so that old watches end. Needed with --bump-revision.",
  },
];

/** Revisions are safe integers, and enough of them must be left for what will be written. */
const BUMP_REVISION_MAX = 2 ** 52;

/** Runs `kvorum snapshot …` and answers what it has to say. @throws {CommandError} */
export async function snapshotCommand(
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const [action, path, ...rest] = args;
  if (path === undefined || path.startsWith("-")) {
    throw new CommandError("Write it as: kvorum snapshot save|status|restore FILE [flags]");
  }
  switch (action) {
    case "save": {
      const endpoint = parseFlags(SAVE_FLAGS, rest).get("endpoint");
      parseUrls("endpoint", endpoint);
      const byteLength = await saveSnapshot(endpoint, path, signal);
      return `Saved ${byteLength} bytes of ${endpoint} to ${path}`;
    }
    case "status":
      parseFlags([], rest);
      return describeSnapshot(await readSnapshotFile(path));
    case "restore":
      return await restore(path, rest);
    default:
      throw new CommandError(`Unknown command "snapshot ${action}": use save, status or restore`);
  }
}

/**
 * Makes the data directory of one member of a new cluster. It is built beside its place and moved
 * there when it is whole, so that no replica ever starts on half of it.
 *
 * Why revisions may be passed over: clients with caches, as those of Kubernetes, take a revision that
 * they have seen for what they have seen. Ref: etcdutl/snapshot/v3_snapshot.go.
 */
async function restore(path: string, args: readonly string[]): Promise<string> {
  const flags = parseFlags(RESTORE_FLAGS, args);
  const name = flags.get("name");
  const ownUrls = parseUrls(
    "initial-advertise-peer-urls",
    flags.get("initial-advertise-peer-urls"),
  );
  const token = flags.get("initial-cluster-token");
  const { initialMembers, memberId } = await parseCluster(flags, name, ownUrls, token);
  const dataDir = flags.get("data-dir") || `${name}.kvorum`;
  const storage = oneOf("storage", flags.get("storage"), STORAGES);
  if (storage === "memory") {
    throw new CommandError("--storage memory keeps nothing to restore to: use deno-kv or file");
  }
  if (await exists(dataDir)) {
    throw new CommandError(`The data directory ${dataDir} exists: remove it or choose another one`);
  }
  const bump = flags.number("bump-revision");
  if (bump < 0 || bump > BUMP_REVISION_MAX || !Number.isInteger(bump)) {
    throw new CommandError(`--bump-revision must be a whole number up to ${BUMP_REVISION_MAX}`);
  }
  if ((bump > 0) !== flags.boolean("mark-compacted")) {
    throw new CommandError("--bump-revision and --mark-compacted go together: give both or none");
  }
  const { machine } = await readSnapshotFile(path);
  if (bump > 0) {
    machine.store.skipRevisions(bump);
    machine.store.compact(machine.store.revision);
  }
  const clusterId = await clusterIdOf(initialMembers.map(({ id }) => id));
  const instanceId = crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES));
  const part = `${dataDir}.part`;
  if (await exists(part)) await Deno.remove(part, { recursive: true });
  const identity = { clusterId, memberId, instanceId, initialMembers };
  await foundFromMachine(await openStorage(storage, part), identity, machine);
  await Deno.rename(part, dataDir);
  return `Restored revision ${machine.store.revision} to ${dataDir}: start it with the same ` +
    `--name, --storage, --initial-cluster and --initial-cluster-token`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
