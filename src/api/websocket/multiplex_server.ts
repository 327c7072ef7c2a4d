import type { Stoppable } from "../../base/clock.ts";
import { type Channel, ChannelCode, channelPair } from "../../proto/multiplex/channel.ts";
import { PROTOCOL_VERSION, type ServerHello } from "../../proto/multiplex/hello.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { createServices, type Services } from "../services/methods.ts";
import type { Every } from "../services/watch_call.ts";
import { AcceptedSocket } from "./accepted_socket.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import { MULTIPLEX_LIMITS, type MultiplexLimits } from "./limits.ts";
import { multiplexMethods } from "./methods.ts";

/** How often silent clients are looked for. */
const SILENCE_CHECK_MS = 5_000;

/** What a {@linkcode MultiplexServer} is made from. */
export interface MultiplexOptions {
  /** Serves the requests. */
  readonly replica: ReplicaPort;
  /** The replica's services, where other encodings share them. */
  readonly services?: Services;
  readonly limits?: Partial<MultiplexLimits>;
  /** Hears of errors that nobody foresaw. The client gets "internal error" and no more. */
  readonly onInternalError?: (error: Error, method: string) => void;
  readonly nowMs?: () => number;
  readonly every?: Every;
}

const everyByTimer: Every = (periodMs, fn) => {
  const timer = setInterval(fn, periodMs);
  return { stop: () => clearInterval(timer) };
};

/**
 * etcd's services over channels that carry many calls and streams each: WebSockets at
 * `/kvorum/v1`, message ports, or the memory of one program.
 */
export class MultiplexServer implements Disposable {
  readonly #host: ConnectionHost;
  readonly #every: Every;
  readonly #connections = new Set<Connection>();
  #silenceTimer: Stoppable | null = null;
  #isClosed = false;

  constructor(options: MultiplexOptions) {
    const { replica, services = createServices(replica) } = options;
    const limits = { ...MULTIPLEX_LIMITS, ...options.limits };
    this.#every = options.every ?? everyByTimer;
    this.#host = {
      methods: multiplexMethods(services),
      limits,
      nowMs: options.nowMs ?? (() => performance.now()),
      hello: () => helloOf(replica, limits),
      onInternalError: options.onInternalError ?? (() => {}),
      onClose: (connection) => this.#forget(connection),
    };
  }

  /** Whether a request for a connection should be answered with 503 instead of an upgrade. */
  get isFull(): boolean {
    return this.#isClosed || this.#connections.size >= this.#host.limits.connectionsMax;
  }

  /** How many connections there are. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes over the server's end of a WebSocket, in the turn in which the request was upgraded. */
  accept(socket: WebSocket): void {
    this.attach(new AcceptedSocket(socket));
  }

  /** The client's end of a new connection inside this program. */
  connect(): Channel {
    const [ours, theirs] = channelPair();
    this.attach(ours);
    return theirs;
  }

  /** Serves the client at the other end of a channel, in the turn in which the channel was made. */
  attach(channel: Channel): void {
    const isFull = this.isFull;
    const connection = new Connection(this.#host, channel);
    this.#connections.add(connection);
    this.#silenceTimer ??= this.#every(SILENCE_CHECK_MS, () => this.#checkSilence());
    connection.start();
    if (isFull) connection.close(ChannelCode.Unavailable, "no more connections here");
  }

  /** Closes all connections, because the replica stops, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) {
      connection.close(ChannelCode.Unavailable, "the server stops");
    }
  }

  /** The same as {@linkcode MultiplexServer.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkSilence(): void {
    const nowMs = this.#host.nowMs();
    for (const connection of [...this.#connections]) connection.checkSilence(nowMs);
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    this.#silenceTimer?.stop();
    this.#silenceTimer = null;
  }
}

function helloOf(replica: ReplicaPort, limits: MultiplexLimits): ServerHello {
  const { clusterId, memberId, leader } = replica.status();
  const { frameBytesMax, callsMax, callBytesMax, streamsMax, idleMs } = limits;
  return {
    version: PROTOCOL_VERSION,
    clusterId,
    memberId,
    isLeader: leader === memberId,
    ...{ frameBytesMax, callsMax, callBytesMax, streamsMax, idleMs },
  };
}
