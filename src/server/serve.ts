import { formatId, NO_MEMBER } from "../base/ids.ts";
import { PLATFORM_CLOCK } from "../client/platform_clock.ts";
import { SeededPrng } from "../base/prng.ts";
import { ReplicaError } from "../replica/errors.ts";
import { INSTANCE_ID_BYTES } from "../replica/identity.ts";
import type { Bootstrap } from "../replica/options.ts";
import { Replica } from "../replica/replica.ts";
import { VERSION } from "../version.ts";
import { clientHandlers } from "./client_handler.ts";
import { ClientPorts } from "./client_ports.ts";
import { findMembership } from "./join.ts";
import { Listener } from "./listener.ts";
import { warnOfIgnored } from "./ignored_flags.ts";
import { unixPath } from "./listen_url.ts";
import { createLogger, type Logger } from "./log.ts";
import { logReplicaEvent, REMOVED, tlsLog } from "./log_events.ts";
import { logConsole, openLogOutputs } from "./log_outputs.ts";
import { clusterIdOf } from "../replica/member_id.ts";
import { makeMissing } from "./made_certificate.ts";
import { openStorage } from "./open_storage.ts";
import { PeerPort } from "./peer_port.ts";
import { parseServeOptions, type ServeOptions } from "./serve_flags.ts";
import { ServerMetrics } from "./server_metrics.ts";

/**
 * A replica that hears from a peer that it was removed stays for so many election timeouts: another
 * peer that has not heard yet may need its vote to become the leader that tells all.
 */
const REMOVAL_GRACE_ELECTIONS = 3;

/**
 * Runs one replica until `signal` ends it.
 *
 * @returns the exit code: 0 after a shutdown in good order, 1 when the replica failed.
 * @throws {CommandError} for flags, ports or a directory that cannot be used.
 * @throws {StorageError} when the data cannot be used.
 *
 * @example One replica until the program is interrupted
 * ```ts
 * import { serve } from "@kvorum/kvorum/server";
 *
 * export async function main() {
 *   const stop = new AbortController();
 *   Deno.addSignalListener("SIGINT", () => stop.abort());
 *   Deno.exit(await serve(["--data-dir", "./data"], (name) => Deno.env.get(name), stop.signal));
 * }
 * ```
 */
export async function serve(
  args: readonly string[],
  environment: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const options = await parseServeOptions(args, environment);
  const logger = createLogger(options.log.level, openLogOutputs(options.log.outputs));
  using _console = logConsole(logger);
  warnOfIgnored(logger, options.ignoredFlags);
  for (const { name, reason } of options.idleGates) {
    logger.log("info", "server/flags", "feature gate without effect", { name, reason });
  }
  // Ports come first: a second start of the same replica ends here and never touches the data.
  await makeMissing(options.clientTls, hostsOf(options.listenClientUrls));
  await makeMissing(options.peerTls, hostsOf(options.listenPeerUrls));
  await using clients = await ClientPorts.bind(options, logger);
  const peerTls = options.peerTls?.files ?? null;
  await using peers = await Listener.bind("listen-peer-urls", options.listenPeerUrls, {
    clock: PLATFORM_CLOCK,
    tls: peerTls,
    onTlsEvent: tlsLog(logger, "peer"),
  });
  const port = new PeerPort(PLATFORM_CLOCK, newPrng(), logger, peerTls);
  const metrics = new ServerMetrics();
  port.onBytes = (...bytes) => metrics.countBytes(...bytes);
  await using replica = await openReplica(options, port, logger, metrics);
  metrics.follow(replica);
  peers.serve(async (request) => await port.upgrade(request));
  const streams = new AbortController();
  clients.serve(clientHandlers(replica, options, logger, metrics.metrics, streams.signal, port));
  const ended = untilEnd(replica, port, options, logger, signal);
  const announced = announceWhenReady(replica, options, logger);
  const failure = await ended;
  logger.log("info", "server/serve", "stopping", { "local-member-id": formatId(replica.memberId) });
  streams.abort();
  await replica.close();
  await announced;
  return failure === undefined ? 0 : 1;
}

function hostsOf(urls: readonly string[]): string[] {
  return urls.filter((url) => unixPath(url) === null).map((url) =>
    new URL(url).hostname.replace(/^\[|\]$/g, "")
  );
}

function newPrng(): SeededPrng {
  return new SeededPrng(crypto.getRandomValues(new Uint32Array(1))[0]);
}

async function openReplica(
  options: ServeOptions,
  port: PeerPort,
  logger: Logger,
  metrics: ServerMetrics,
): Promise<Replica> {
  logger.log("info", "server/serve", "starting a Kvorum replica", {
    version: VERSION,
    name: options.name,
    "data-dir": options.dataDir,
    storage: options.storage,
    "listen-client-urls": options.listenClientUrls,
    "listen-peer-urls": options.listenPeerUrls,
    "initial-cluster-token": options.clusterToken,
    "initial-cluster-state": options.joinsExisting ? "existing" : "new",
    "quota-backend-bytes": options.upkeep.quotaBytes,
    "snapshot-count": options.snapshotEntries,
    "snapshot-catchup-entries": options.snapshotCatchUpEntries,
  });
  let self = options.memberId;
  const replica = await Replica.open({
    storage: metrics.metered(await openStorage(options.storage, options.dataDir)),
    connect: (identity) => {
      self = identity.memberId;
      const fields = {
        "cluster-id": formatId(identity.clusterId),
        "local-member-id": formatId(self),
      };
      logger.log("info", "server/serve", "is a member", fields);
      return port.open(identity);
    },
    clock: PLATFORM_CLOCK,
    prng: newPrng(),
    bootstrap: () => bootstrapOf(options),
    attributes: { name: options.name, clientUrls: options.advertiseClientUrls },
    timing: {
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      electionTimeoutMs: options.electionTimeoutMs,
      snapshotEntries: options.snapshotEntries,
      snapshotCatchUpEntries: options.snapshotCatchUpEntries,
    },
    readMode: options.readMode,
    upkeep: options.upkeep,
    checksDataAtStart: options.checksDataAtStart,
    onEvent: (event) => {
      metrics.events.onEvent(event);
      logReplicaEvent(logger, self, event);
    },
  });
  port.follow(replica);
  return replica;
}

/** Who a replica is whose storage was never used: a founder, or one that the cluster has added. */
async function bootstrapOf(options: ServeOptions): Promise<Bootstrap> {
  const instanceId = crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES));
  if (options.joinsExisting) {
    return { ...await findMembership(options), instanceId, initialMembers: [] };
  }
  const { initialMembers, memberId } = options;
  const clusterId = await clusterIdOf(initialMembers.map(({ id }) => id));
  return { clusterId, memberId, instanceId, initialMembers };
}

/**
 * Resolves when the replica should end: by the signal, its parent's end, its own failure, or because
 * it was removed while it was down, which only its peers know.
 */
async function untilEnd(
  replica: Replica,
  port: PeerPort,
  options: ServeOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const stop = Promise.withResolvers<undefined>();
  if (signal.aborted) stop.resolve(undefined);
  signal.addEventListener("abort", () => stop.resolve(undefined), { once: true });
  const removed = Promise.withResolvers<Error>();
  port.onRemoved = (reason) => {
    const graceMs = REMOVAL_GRACE_ELECTIONS * options.electionTimeoutMs;
    setTimeout(() => {
      // Who follows a leader is a member, whatever somebody says.
      if (replica.status().leader !== NO_MEMBER) return;
      logger.log("error", "server/serve", REMOVED, { "remote-peer-reason": reason });
      removed.resolve(new ReplicaError("removed", reason));
    }, graceMs);
  };
  if (options.exitsWithStdin) watchStandardInput(() => stop.resolve(undefined));
  return await Promise.race([stop.promise, replica.closed, removed.promise]);
}

/** Calls `onEnd` when standard input ends. What is read from it does not matter. */
async function watchStandardInput(onEnd: () => void): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null) continue;
  onEnd();
}

/** Says that clients are served once a leader has confirmed a read. */
async function announceWhenReady(
  replica: Replica,
  options: ServeOptions,
  logger: Logger,
): Promise<void> {
  for (;;) {
    try {
      await replica.linearize();
      break;
    } catch (error) {
      if (!(error instanceof ReplicaError) || error.reason === "stopped") return;
      const { role, term } = replica.status();
      logger.log("warn", "server/serve", "no leader yet", { role, "raft-term": term });
    }
  }
  for (const address of options.listenClientUrls) {
    logger.log("info", "server/serve", "ready to serve client requests", { address });
    const isSecure = address.startsWith("https:");
    const msg = isSecure ? "serving client traffic securely" : "serving client traffic insecurely";
    logger.log("info", "server/serve", msg, { address });
  }
}
