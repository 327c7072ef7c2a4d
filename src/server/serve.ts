import { formatId } from "../base/ids.ts";
import { SeededPrng } from "../base/prng.ts";
import { ReplicaError } from "../replica/errors.ts";
import { INSTANCE_ID_BYTES } from "../replica/identity.ts";
import { Replica } from "../replica/replica.ts";
import { VERSION } from "../version.ts";
import { clientHandlers } from "./client_handler.ts";
import { ClientPort } from "./client_port.ts";
import { Listener } from "./listener.ts";
import { createLogger, type Logger, type LogLevel, writeToStandardError } from "./log.ts";
import { logHttp2Event, logReplicaEvent } from "./log_events.ts";
import { clusterIdOf } from "./member_id.ts";
import { openStorage } from "./open_storage.ts";
import { PeerPort } from "./peer_port.ts";
import { parseServeOptions, type ServeOptions } from "./serve_flags.ts";
import { SystemClock } from "./system_clock.ts";

/**
 * Runs one replica until `signal` ends it.
 *
 * @returns the exit code: 0 after a shutdown in good order, 1 when the replica failed.
 * @throws {CommandError} for flags, ports or a directory that cannot be used.
 * @throws {StorageError} when the data cannot be used.
 */
export async function serve(
  args: readonly string[],
  environment: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const options = await parseServeOptions(args, environment);
  const logger = createLogger(options.logLevel as LogLevel, writeToStandardError);
  // Ports come first: a second start of the same replica ends here and never touches the data.
  await using clients = await ClientPort.bind("listen-client-urls", options.listenClientUrls, {
    clock: new SystemClock(),
    onEvent: (event) => logHttp2Event(logger, event),
  });
  await using peers = await Listener.bind("listen-peer-urls", options.listenPeerUrls);
  await using replica = await openReplica(options, peers, logger);
  const streams = new AbortController();
  clients.serve(clientHandlers(replica, options, logger, streams.signal));
  const ended = untilEnd(replica, options, signal);
  const announced = announceWhenReady(replica, options, logger);
  const failure = await ended;
  logger.log("info", "server/serve", "stopping", { "local-member-id": formatId(replica.memberId) });
  streams.abort();
  await replica.close();
  await announced;
  return failure === undefined ? 0 : 1;
}

async function openReplica(
  options: ServeOptions,
  peers: Listener,
  logger: Logger,
): Promise<Replica> {
  const clock = new SystemClock();
  const prng = new SeededPrng(crypto.getRandomValues(new Uint32Array(1))[0]);
  const clusterId = await clusterIdOf(options.initialMembers.map(({ id }) => id));
  logger.log("info", "server/serve", "starting a Kvorum replica", {
    version: VERSION,
    name: options.name,
    "data-dir": options.dataDir,
    storage: options.storage,
    "listen-client-urls": options.listenClientUrls,
    "listen-peer-urls": options.listenPeerUrls,
    "initial-cluster-token": options.clusterToken,
    "cluster-id": formatId(clusterId),
    "local-member-id": formatId(options.memberId),
  });
  const port = new PeerPort(clock, prng, logger);
  const replica = await Replica.open({
    storage: await openStorage(options.storage, options.dataDir),
    connect: (identity) => port.open(identity),
    clock,
    prng: prng.fork("raft"),
    bootstrap: {
      clusterId,
      memberId: options.memberId,
      instanceId: crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES)),
      initialMembers: options.initialMembers,
    },
    attributes: { name: options.name, clientUrls: options.advertiseClientUrls },
    timing: {
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      electionTimeoutMs: options.electionTimeoutMs,
      snapshotEntries: options.snapshotEntries,
      snapshotCatchUpEntries: options.snapshotCatchUpEntries,
    },
    onEvent: (event) => logReplicaEvent(logger, options.memberId, event),
  });
  port.follow(replica);
  peers.serve((request) => port.upgrade(request));
  return replica;
}

/** Resolves when the replica should end: by the signal, its parent's end, or its own failure. */
async function untilEnd(
  replica: Replica,
  options: ServeOptions,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const stop = Promise.withResolvers<undefined>();
  if (signal.aborted) stop.resolve(undefined);
  signal.addEventListener("abort", () => stop.resolve(undefined), { once: true });
  if (options.exitsWithStdin) watchStandardInput(() => stop.resolve(undefined));
  return await Promise.race([stop.promise, replica.closed]);
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
  }
}
