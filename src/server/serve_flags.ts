import type { MemberId } from "../base/ids.ts";
import type { InitialMember } from "../replica/identity.ts";
import type { ReadMode } from "../replica/options.ts";
import type { UpkeepOptions } from "../replica/upkeep.ts";
import {
  BROWSER_LEARNER_FLAGS,
  type BrowserLearnerSettings,
  parseBrowserLearners,
} from "./browser_learner_flags.ts";
import {
  CLIENT_PORT_FLAGS,
  type ClientPortSettings,
  parseClientPort,
} from "./client_port_flags.ts";
import { CommandError } from "./command_error.ts";
import { configFileFlags } from "./config_file.ts";
import { withoutExperiments } from "./experimental_flags.ts";
import { FEATURE_GATES_FLAG, type FeatureGates, parseFeatureGates } from "./feature_gates.ts";
import { type FlagSpec, type FlagValues, parseFlags } from "./flags.ts";
import { IGNORED_FLAGS, ignoredFlags } from "./ignored_flags.ts";
import { parseUrls } from "./listen_url.ts";
import { LOG_FLAGS, type LogSettings, parseLog } from "./log_flags.ts";
import { memberIdOf } from "../replica/member_id.ts";
import { REFUSED_FLAGS, refuseFlags } from "./refused_flags.ts";
import { parseTls, TLS_FLAGS, type TlsSettings } from "./tls_flags.ts";
import { parseUpkeep, UPKEEP_FLAGS } from "./upkeep_flags.ts";

/** The storages that a server can use. */
export const STORAGES = ["deno-kv", "file", "memory"] as const;
/** One of {@linkcode STORAGES}. */
export type StorageKind = typeof STORAGES[number];

const READ_MODES = { "read-index": "readIndex", lease: "lease" } as const;

/** The flags of `kvorum serve`: etcd's names and meanings, and `--storage`. */
export const SERVE_FLAGS: readonly FlagSpec[] = [
  flag("name", "default", "A name for people to know this replica by."),
  flag("data-dir", "", "Where the data lives. Default: NAME.kvorum."),
  flag("storage", "deno-kv", "What holds the data: deno-kv, file, or memory (lost at exit)."),
  flag("listen-client-urls", "http://localhost:2379", "Where to listen for clients."),
  flag("advertise-client-urls", "", "Where clients reach this replica. Default: where it listens."),
  flag("listen-peer-urls", "http://localhost:2380", "Where to listen for other replicas."),
  flag(
    "initial-advertise-peer-urls",
    "http://localhost:2380",
    "Where other replicas reach this one.",
  ),
  flag("initial-cluster", "", "All members as NAME=URL,NAME=URL. Default: this one alone."),
  flag("initial-cluster-token", "etcd-cluster", "Tells clusters with the same addresses apart."),
  flag("initial-cluster-state", "new", "new, or existing to join a running cluster."),
  number("heartbeat-interval", 100, "Milliseconds between a leader's signs of life."),
  number("election-timeout", 1000, "Milliseconds without them until a new leader is sought."),
  flag("read-mode", "read-index", "How linearizable reads are confirmed: read-index or lease."),
  number("snapshot-count", 10_000, "Entries applied between two snapshots."),
  number("snapshot-catchup-entries", 5_000, "Entries kept behind a snapshot for late followers."),
  ...CLIENT_PORT_FLAGS,
  ...TLS_FLAGS,
  ...UPKEEP_FLAGS,
  number("max-learners", 1, "How many learners there may be."),
  ...BROWSER_LEARNER_FLAGS,
  boolean("strict-reconfig-check", "true", "Refuse changes of members that could lose the quorum."),
  flag("cors", "", "Origins that pages may come from, or * for all. Default: none."),
  ...LOG_FLAGS,
  FEATURE_GATES_FLAG,
  flag("config-file", "", "A YAML file with flags, for which all others are ignored."),
  boolean(
    "exit-with-stdin",
    "false",
    "Shut down when standard input ends, as when the program that started this one is gone.",
  ),
];

function boolean(name: string, value: "true" | "false", help: string): FlagSpec {
  return { name, kind: "boolean", default: value, help };
}

function flag(name: string, value: string, help: string): FlagSpec {
  return { name, kind: "string", default: value, help };
}

function number(name: string, value: number, help: string): FlagSpec {
  return { name, kind: "number", default: String(value), help };
}

/** What `kvorum serve` was asked to do. */
export interface ServeOptions extends FeatureGates {
  readonly name: string;
  readonly dataDir: string;
  readonly storage: StorageKind;
  readonly listenClientUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  readonly clientPort: ClientPortSettings;
  /** TLS for clients, and for peers, where it is spoken. */
  readonly clientTls: TlsSettings | null;
  readonly peerTls: TlsSettings | null;
  readonly listenPeerUrls: readonly string[];
  readonly advertisePeerUrls: readonly string[];
  readonly initialMembers: readonly InitialMember[];
  readonly memberId: MemberId;
  readonly clusterToken: string;
  readonly joinsExisting: boolean;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** "lease" trusts the clocks of the replicas; docs/raft.md says with what. */
  readonly readMode: ReadMode;
  readonly snapshotEntries: number;
  readonly snapshotCatchUpEntries: number;
  readonly upkeep: UpkeepOptions;
  readonly learnersMax: number;
  /** Null where no learners in browsers are let in. */
  readonly browserLearners: BrowserLearnerSettings | null;
  readonly isStrict: boolean;
  readonly corsOrigins: readonly string[];
  readonly log: LogSettings;
  /** Flags of etcd's that were given and do nothing. */
  readonly ignoredFlags: readonly string[];
  readonly exitsWithStdin: boolean;
}

/** Reads and checks the command line and environment of `kvorum serve`. @throws {CommandError} */
export async function parseServeOptions(
  args: readonly string[],
  environment: (name: string) => string | undefined,
): Promise<ServeOptions> {
  const fromFile = await configFileFlags(args, environment);
  const flags = parseFlags(
    [...SERVE_FLAGS, ...IGNORED_FLAGS, ...REFUSED_FLAGS],
    withoutExperiments(fromFile ?? args),
    fromFile === null ? environment : undefined,
  );
  refuseFlags(flags);
  const name = flags.get("name");
  const listenClientUrls = parseUrls("listen-client-urls", flags.get("listen-client-urls"));
  const advertised = flags.get("advertise-client-urls");
  const advertisePeerUrls = parseUrls(
    "initial-advertise-peer-urls",
    flags.get("initial-advertise-peer-urls"),
  );
  const clusterToken = flags.get("initial-cluster-token");
  const members = await parseCluster(flags, name, advertisePeerUrls, clusterToken);
  const dataDir = flags.get("data-dir") || `${name}.kvorum`;
  const clientPort = parseClientPort(flags);
  const listenPeerUrls = parseUrls("listen-peer-urls", flags.get("listen-peer-urls"));
  const clientUrls = [...listenClientUrls, ...clientPort.listenHttpUrls];
  const clientTls = parseTls(flags, "", clientUrls.some(isSecure), `${dataDir}/fixtures/client`);
  if (clientTls === null && clientPort.listenMetricsUrls.some(isSecure)) {
    throw new CommandError(
      "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url " +
        clientPort.listenMetricsUrls.join(),
    );
  }
  return {
    name,
    dataDir,
    storage: oneOf("storage", flags.get("storage"), STORAGES),
    listenClientUrls,
    advertiseClientUrls: advertised === ""
      ? listenClientUrls
      : parseUrls("advertise-client-urls", advertised),
    clientPort,
    clientTls,
    listenPeerUrls,
    peerTls: parseTls(flags, "peer-", listenPeerUrls.some(isSecure), `${dataDir}/fixtures/peer`),
    advertisePeerUrls,
    ...members,
    clusterToken,
    joinsExisting:
      oneOf("initial-cluster-state", flags.get("initial-cluster-state"), ["new", "existing"]) ===
        "existing",
    ...parseTiming(flags),
    readMode: READ_MODES[oneOf("read-mode", flags.get("read-mode"), ["read-index", "lease"])],
    upkeep: parseUpkeep(flags),
    learnersMax: flags.number("max-learners"),
    browserLearners: parseBrowserLearners(flags),
    isStrict: flags.boolean("strict-reconfig-check"),
    corsOrigins: flags.get("cors").split(",").map((part) => part.trim()).filter((part) => part),
    log: parseLog(flags),
    ignoredFlags: ignoredFlags(flags),
    ...parseFeatureGates(flags),
    exitsWithStdin: flags.boolean("exit-with-stdin"),
  };
}

function isSecure(url: string): boolean {
  return url.startsWith("https:");
}

/** The value of a flag that must be one of a few. @throws {CommandError} */
export function oneOf<const T extends string>(
  name: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new CommandError(`--${name} must be one of ${allowed.join(", ")}: it is "${value}"`);
  }
  return found;
}

function parseTiming(flags: FlagValues) {
  const heartbeatIntervalMs = flags.number("heartbeat-interval");
  const electionTimeoutMs = flags.number("election-timeout");
  if (heartbeatIntervalMs < 1) throw new CommandError("--heartbeat-interval must be at least 1");
  if (electionTimeoutMs < 5 * heartbeatIntervalMs) {
    throw new CommandError(
      `--election-timeout must be at least five heartbeat intervals (${
        5 * heartbeatIntervalMs
      }): it is ${electionTimeoutMs}`,
    );
  }
  if (electionTimeoutMs > 50_000) {
    throw new CommandError(`--election-timeout must be at most 50000: it is ${electionTimeoutMs}`);
  }
  return {
    heartbeatIntervalMs,
    electionTimeoutMs,
    snapshotEntries: flags.number("snapshot-count") || 10_000,
    snapshotCatchUpEntries: flags.number("snapshot-catchup-entries"),
  };
}

/** The members that `--initial-cluster` names, with this replica among them. @throws {CommandError} */
export async function parseCluster(
  flags: FlagValues,
  name: string,
  ownUrls: readonly string[],
  token: string,
): Promise<{ initialMembers: InitialMember[]; memberId: MemberId }> {
  const text = flags.get("initial-cluster") || ownUrls.map((url) => `${name}=${url}`).join(",");
  const urlsOf = new Map<string, string[]>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at < 1) {
      throw new CommandError(`--initial-cluster must be NAME=URL,NAME=URL: "${part}" is not`);
    }
    const member = part.slice(0, at).trim();
    const urls = parseUrls("initial-cluster", part.slice(at + 1));
    urlsOf.set(member, [...urlsOf.get(member) ?? [], ...urls]);
  }
  const own = urlsOf.get(name);
  if (own === undefined || [...own].sort().join() !== [...ownUrls].sort().join()) {
    throw new CommandError(
      own === undefined
        ? `--initial-cluster does not name this replica: add ${name}=${ownUrls[0]}`
        : `--initial-cluster gives ${name} as ${own.join()} and --initial-advertise-peer-urls as ` +
          `${ownUrls.join()}: make them the same`,
    );
  }
  const initialMembers: InitialMember[] = [];
  for (const [member, peerUrls] of urlsOf) {
    const id = await memberIdOf(peerUrls, token);
    initialMembers.push({ id, name: member, peerUrls, isLearner: false });
  }
  return { initialMembers, memberId: await memberIdOf(ownUrls, token) };
}
