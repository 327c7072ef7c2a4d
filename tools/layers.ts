/**
 * The import table: which room of the tree may import which, what platform each stands on, and
 * which packages it may use. The tree is the dependency diagram; this file is the diagram as data.
 *
 * Three checks read it: `check_layers.ts` (the arrows), `check_platforms.ts` (the libraries that a
 * room is type-checked against) and `lint/rooms.ts` (names that a room may not say).
 */

/**
 * What a room may take for granted: the ECMAScript library alone, the APIs that browsers and Deno
 * share, or Deno itself.
 */
export type Platform = "ecmascript" | "web" | "deno";

/** One room: a folder of the tree, or a file that stands alone. */
export interface Room {
  readonly platform: Platform;
  /** Rooms, or single files, that code in this room may import. `base` and `version` go unsaid. */
  readonly mayImport: readonly string[];
  /** Bare specifiers, without subpath, that code in this room may import. */
  readonly packages?: readonly string[];
}

/** What the driver may see of the transport: the seam and its messages, none of the adapters. */
const TRANSPORT_SEAM = ["src/transport/peer_transport.ts", "src/transport/peer_message.ts"];

const ROOMS_OF_A_SERVER = [
  "src/raft",
  "src/mvcc",
  "src/lease",
  "src/proto",
  "src/http2",
  "src/machine",
  "src/storage",
  "src/storage/memory",
  "src/storage/deno_kv",
  "src/storage/file",
  "src/transport",
  "src/replica",
  "src/api",
  "src/client",
  "src/embedded",
];

/** The table. A folder below `src/` that is not in it fails the check. */
export const ROOMS: Readonly<Record<string, Room>> = {
  "src/version.ts": { platform: "ecmascript", mayImport: [] },
  "src/base": { platform: "ecmascript", mayImport: [] },
  "src/raft": { platform: "ecmascript", mayImport: [] },
  "src/mvcc": { platform: "ecmascript", mayImport: [] },
  "src/lease": { platform: "ecmascript", mayImport: [] },
  "src/proto": { platform: "ecmascript", mayImport: [] },
  "src/http2": { platform: "web", mayImport: [] },
  "src/machine": { platform: "ecmascript", mayImport: ["src/mvcc", "src/lease", "src/proto"] },
  "src/storage": { platform: "web", mayImport: ["src/raft"] },
  "src/storage/memory": { platform: "web", mayImport: ["src/storage", "src/raft"] },
  "src/storage/deno_kv": {
    platform: "deno",
    mayImport: ["src/storage", "src/raft", "src/storage/file/lock_file.ts"],
  },
  "src/storage/indexeddb": {
    platform: "web",
    mayImport: ["src/storage", "src/raft"],
    packages: ["idb-keyval"],
  },
  "src/storage/file": { platform: "deno", mayImport: ["src/storage", "src/raft"] },
  "src/transport": { platform: "web", mayImport: ["src/raft", "src/proto"] },
  "src/replica": {
    platform: "web",
    mayImport: ["src/raft", "src/machine", "src/storage", ...TRANSPORT_SEAM],
  },
  "src/api": {
    platform: "web",
    mayImport: ["src/replica", "src/machine", "src/proto", "src/http2"],
    packages: ["@std/http"],
  },
  "src/client": { platform: "web", mayImport: ["src/proto"] },
  "src/embedded": {
    platform: "web",
    mayImport: [
      "src/raft",
      "src/machine",
      "src/storage",
      "src/transport",
      "src/replica",
      "src/proto",
      "src/api",
      "src/client",
    ],
  },
  "src/testing": {
    platform: "web",
    mayImport: ["src/embedded", "src/storage/memory", "src/transport", "src/proto", "src/client"],
  },
  "src/server": {
    platform: "deno",
    mayImport: ROOMS_OF_A_SERVER,
    packages: ["@std/http", "yaml"],
  },
  "src/browser": {
    platform: "web",
    mayImport: [
      "src/replica",
      "src/api",
      "src/client",
      "src/proto",
      "src/transport",
      "src/storage",
      "src/storage/indexeddb",
    ],
    packages: ["comlink", "idb-keyval"],
  },
  "mod.ts": {
    platform: "web",
    mayImport: [
      "src/raft",
      "src/mvcc",
      "src/lease",
      "src/proto",
      "src/machine",
      "src/storage",
      "src/storage/memory",
      "src/transport",
      "src/replica",
      "src/api",
      "src/client",
    ],
  },
};

/** Every room may import these. */
export const SHARED: readonly string[] = ["src/base", "src/version.ts"];

/** These folders see Kvorum as a stranger does: only through the `exports` of `deno.json`. */
export const STRANGERS: readonly string[] = ["demo"];

/** The room that `path` (relative to the root, with slashes) belongs to: the longest that fits. */
export function roomOf(path: string): string | undefined {
  let found: string | undefined;
  for (const room of Object.keys(ROOMS)) {
    const inside = path === room || path.startsWith(`${room}/`);
    if (inside && (found === undefined || room.length > found.length)) found = room;
  }
  return found;
}

/** Whether code in `room` may import the file `target`, which lives in `targetRoom`. */
export function mayImport(room: string, target: string, targetRoom: string): boolean {
  if (room === targetRoom) return true;
  if (SHARED.includes(targetRoom)) return !SHARED.includes(room);
  const allowed = ROOMS[room].mayImport;
  return allowed.includes(targetRoom) || allowed.includes(target);
}
