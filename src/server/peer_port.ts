// The runtime's own checksum is many times faster than one in JavaScript, and the same function.
import { crc32 } from "node:zlib";
import type { Clock } from "../base/clock.ts";
import { formatId, type MemberId } from "../base/ids.ts";
import type { Prng } from "../base/prng.ts";
import type { ReplicaIdentity } from "../replica/identity.ts";
import type { Replica } from "../replica/replica.ts";
import { CloseCode, type Refusal, type RefusalCode } from "../transport/close_code.ts";
import type { Admit, Hello } from "../transport/hello.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import type { TransportEvent } from "../transport/transport_event.ts";
import { PEER_PATH, WebSocketPeerTransport } from "../transport/websocket.ts";
import { refusePeer } from "../embedded/admission.ts";
import { dialPeer } from "./connect_peer.ts";
import type { Logger, LogLevel } from "./log.ts";
import { memberListResponse, MEMBERS_PATH } from "./member_list.ts";
import type { TlsFiles } from "./tls_files.ts";

/** The replica's door for its peers: WebSockets on the peer port, and who may come in. */
export class PeerPort {
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #logger: Logger;
  readonly #tls: TlsFiles | null;
  /** Is told when a peer says that this member was removed from the cluster. */
  onRemoved: (reason: string) => void = () => {};
  /** Is told how many bytes went to and came from a member. */
  onBytes: (peer: MemberId, sentBytes: number, receivedBytes: number) => void = () => {};
  #transport: WebSocketPeerTransport | null = null;
  #replica: Replica | null = null;

  constructor(clock: Clock, prng: Prng, logger: Logger, tls: TlsFiles | null) {
    this.#clock = clock;
    this.#prng = prng;
    this.#logger = logger;
    this.#tls = tls;
  }

  /** Makes the transport once it is known who the replica is. */
  open({ clusterId, memberId, instanceId }: ReplicaIdentity): PeerTransport {
    this.#transport = new WebSocketPeerTransport({
      identity: { clusterId, memberId, storageId: instanceId },
      clock: this.#clock,
      prng: this.#prng.fork("peers"),
      checksum: (bytes) => crc32(bytes),
      dial: (url) => dialPeer(url, this.#tls, this.#clock),
      admit: (hello) => this.#admit(hello),
      onBytes: (peer, sent, received) => this.onBytes(peer, sent, received),
      onEvent: (event) => this.#log(event),
    });
    return this.#transport;
  }

  /** From now on the replica's members' table says who may come in. */
  follow(replica: Replica): void {
    this.#replica = replica;
  }

  /** Answers a request on the peer port. */
  upgrade(request: Request): Response {
    const path = new URL(request.url).pathname;
    if (path === MEMBERS_PATH && this.#replica !== null) return memberListResponse(this.#replica);
    if (path !== PEER_PATH) {
      return new Response("This port is for Kvorum replicas only.\n", { status: 404 });
    }
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Replicas connect by WebSocket.\n", { status: 426 });
    }
    return this.accept(request);
  }

  /**
   * Takes over a peer's WebSocket.
   *
   * @param protocol The subprotocol to agree to, if one is spoken.
   * @param admit Whether that peer may come in, where the usual rule does not hold.
   */
  accept(request: Request, protocol?: string, admit?: Admit): Response {
    if (this.#transport === null || this.#transport.isFull) {
      return new Response("Not now.\n", { status: 503 });
    }
    const options = { idleTimeout: 0, ...(protocol === undefined ? {} : { protocol }) };
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    this.#transport.accept(socket, admit);
    return response;
  }

  #admit(hello: Hello): Refusal | null {
    const replica = this.#replica;
    return replica && refusePeer(hello, replica.machine.members, replica.status().leader);
  }

  #log(event: TransportEvent): void {
    const [level, msg, fields] = describe(event);
    this.#logger.log(level, "transport/peer", msg, fields);
    if (event.type === "refusedBy" && event.code === CloseCode.RemovedMember) {
      this.onRemoved(event.reason);
    }
  }
}

function describe(event: TransportEvent): [LogLevel, string, Record<string, unknown>] {
  const peer = "peer" in event ? { "remote-peer-id": formatId(event.peer) } : {};
  switch (event.type) {
    case "connected":
      return ["info", "peer connected", { ...peer, dialled: event.dialled }];
    case "disconnected":
      return ["info", "peer disconnected", { ...peer, error: event.reason }];
    case "refused":
      return [levelOf(event.code), "rejected peer", { ...peer, error: event.reason }];
    case "refusedBy":
      return [levelOf(event.code), "rejected by peer", { ...peer, error: event.reason }];
    case "dialFailed":
      return ["warn", "cannot reach peer", { ...peer, url: event.url, error: event.reason }];
    case "strangerClosed":
      return ["warn", "unknown connection closed", { error: event.reason }];
    case "dropping":
      return ["warn", "dropping messages", { ...peer, "queued-bytes": event.queuedBytes }];
    case "listenerFailed":
      return ["error", "replica could not take a message", { error: String(event.error) }];
  }
}

/** A replica may meet a new one a moment before it hears of it. */
function levelOf(code: RefusalCode): LogLevel {
  return code === CloseCode.UnknownMember ? "warn" : "error";
}
