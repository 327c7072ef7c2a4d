import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";
import type { Logger } from "./log.ts";

const NOT_BBOLT = "The storage is another one and has nothing of the kind.";
const ALWAYS = "Kvorum always does so.";
const NEVER = "Kvorum never does so.";
const NO_USERS = "There are no users yet.";
/** What may be said of a discovery that is not used. */
const DISCOVERY_DETAILS = [
  ...["dial-timeout", "request-timeout", "keepalive-time", "keepalive-timeout"],
  ...["insecure-transport", "insecure-skip-tls-verify", "cert", "key", "cacert"],
  ...["user", "password", "fallback"],
];

/**
 * Flags of etcd's that a start script may hold and that mean nothing here, so that leaving them out
 * changes no promise. A flag whose absence clients or operators would notice does not belong here:
 * it is refused.
 */
export const IGNORED_FLAGS: readonly FlagSpec[] = [
  flag("max-wals", "number", NOT_BBOLT),
  flag("max-snapshots", "number", NOT_BBOLT),
  flag("backend-bbolt-freelist-type", "string", NOT_BBOLT),
  flag("backend-batch-interval", "string", NOT_BBOLT),
  flag("backend-batch-limit", "number", NOT_BBOLT),
  flag(
    "bootstrap-defrag-threshold-megabytes",
    "number",
    "Skipping defragmentation: the storage frees its space by itself.",
  ),
  flag("compaction-batch-limit", "number", "Compaction works in small steps by itself."),
  flag("compaction-sleep-interval", "string", "Compaction works in small steps by itself."),
  flag("initial-election-tick-advance", "boolean", NEVER),
  flag("raft-read-timeout", "string", "Peers are told to be silent by pings."),
  flag("raft-write-timeout", "string", "Peers are told to be silent by pings."),
  flag("socket-reuse-address", "boolean", "The runtime always does so."),
  flag("memory-mlock", "boolean", "The runtime cannot; a system without swap does the same."),
  flag("client-cert-file", "string", "The JSON gateway is no client of its own server."),
  flag("client-key-file", "string", "The JSON gateway is no client of its own server."),
  flag("unsafe-no-fsync", "boolean", "What is acknowledged is always on the disk."),
  flag("cipher-suites", "string", "TLS here has only suites that are strong."),
  flag("enable-grpc-gateway", "boolean", ALWAYS),
  flag("pre-vote", "boolean", ALWAYS),
  flag("logger", "string", "Lines of the log are JSON, as zap writes them."),
  flag("log-format", "string", "Lines of the log are JSON."),
  flag("log-rotation-config-json", "string", "The log is not rotated."),
  flag("enable-pprof", "boolean", "The runtime has an inspector of its own."),
  flag("metrics", "string", "There is one set of metrics."),
  flag("warning-apply-duration", "string", "No entry is called slow."),
  flag("warning-unary-request-duration", "string", "No request is called slow."),
  flag("downgrade-check-time", "string", NEVER),
  flag("compact-hash-check-time", "string", "Replicas compare their data by --corrupt-check-time."),
  flag("auth-token", "string", NO_USERS),
  flag("auth-token-ttl", "number", NO_USERS),
  flag("bcrypt-cost", "number", NO_USERS),
  flag("distributed-tracing-address", "string", NEVER),
  flag("distributed-tracing-service-name", "string", NEVER),
  flag("distributed-tracing-instance-id", "string", NEVER),
  flag("distributed-tracing-sampling-rate", "number", NEVER),
  ...DISCOVERY_DETAILS.map((name) => flag(`discovery-${name}`, "string", "There is no discovery.")),
];

function flag(name: string, kind: FlagSpec["kind"], help: string): FlagSpec {
  return { name, kind, default: "", help };
}

/** What Kvorum always does. Being told to do it is no news, and being told not to is a mistake. */
const ALWAYS_ON: readonly string[] = ["enable-grpc-gateway", "pre-vote"];

/** The names of those that were given. @throws {CommandError} for one that cannot be followed. */
export function ignoredFlags(flags: FlagValues): string[] {
  for (const name of ALWAYS_ON) {
    if (flags.isGiven(name) && !flags.boolean(name)) {
      throw new CommandError(`--${name}=false is not possible: leave it out`);
    }
  }
  return IGNORED_FLAGS.map(({ name }) => name).filter((name) => flags.isGiven(name));
}

/** Says of each that it does nothing, and why. */
export function warnOfIgnored(logger: Logger, names: readonly string[]): void {
  for (const { name, help } of IGNORED_FLAGS) {
    if (!names.includes(name)) continue;
    logger.log("warn", "server/flags", "flag without effect", { flag: name, reason: help });
  }
}
