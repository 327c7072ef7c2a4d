import { CommandError } from "./command_error.ts";
import { type FlagSpec, parseFlags } from "./flags.ts";
import { STORAGES } from "./serve_flags.ts";

/** The flags of `kvorum start`. */
export const START_FLAGS: readonly FlagSpec[] = [
  {
    name: "port",
    kind: "number",
    default: "2379",
    help: "The first replica's client port N; peers at N+1, the next replicas at N+10, N+20, …",
  },
  { name: "replicas", kind: "number", default: "3", help: "How many replicas to start, 1 to 7." },
  { name: "data", kind: "string", default: "./kvorum-data", help: "Where the data lives." },
  { name: "storage", kind: "string", default: "deno-kv", help: "deno-kv, file or memory." },
  { name: "cors", kind: "string", default: "", help: "Origins of pages, or * for all." },
];

/** The distance between the ports of one replica and of the next. */
export const PORT_STRIDE = 10;

/** One replica that `start` runs. */
export interface PlannedReplica {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** The arguments of `kvorum serve`. */
  readonly args: readonly string[];
}

/** Works out the replicas that `start` was asked for. @throws {CommandError} for flags it cannot use. */
export function planReplicas(args: readonly string[]): PlannedReplica[] {
  const flags = parseFlags(START_FLAGS, args);
  const port = flags.number("port");
  const count = flags.number("replicas");
  if (count < 1 || count > 7) {
    throw new CommandError(`--replicas must be from 1 to 7: it is ${count}`);
  }
  const lastPort = port + PORT_STRIDE * (count - 1) + 1;
  if (port < 1 || lastPort > 65_535) {
    throw new CommandError(`--port must leave room for ports up to ${lastPort}: it is ${port}`);
  }
  const storage = flags.get("storage");
  if (!STORAGES.some((known) => known === storage)) {
    throw new CommandError(`--storage must be one of ${STORAGES.join(", ")}: it is "${storage}"`);
  }
  const names = Array.from({ length: count }, (_, i) => `n${i + 1}`);
  const clientUrl = (i: number) => `http://127.0.0.1:${port + PORT_STRIDE * i}`;
  const peerUrl = (i: number) => `http://127.0.0.1:${port + PORT_STRIDE * i + 1}`;
  const cluster = names.map((name, i) => `${name}=${peerUrl(i)}`).join(",");
  return names.map((name, i) => ({
    name,
    clientUrl: clientUrl(i),
    peerUrl: peerUrl(i),
    args: [
      ...["--name", name, "--data-dir", `${flags.get("data")}/${name}`, "--storage", storage],
      ...["--listen-client-urls", clientUrl(i), "--listen-peer-urls", peerUrl(i)],
      ...["--advertise-client-urls", clientUrl(i), "--initial-advertise-peer-urls", peerUrl(i)],
      ...["--initial-cluster", cluster, "--initial-cluster-token", `kvorum-${port}`],
      ...["--cors", flags.get("cors"), "--exit-with-stdin"],
    ],
  }));
}
