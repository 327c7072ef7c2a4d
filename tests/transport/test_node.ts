import type { Clock } from "../../src/base/clock.ts";
import type { MemberId } from "../../src/base/ids.ts";
import { SeededPrng } from "../../src/base/prng.ts";
import type { Admit, Identity } from "../../src/transport/hello.ts";
import type { PeerTransportOptions } from "../../src/transport/peer_mesh.ts";
import type { PeerTiming } from "../../src/transport/peer_limits.ts";
import type { PeerMessage } from "../../src/transport/peer_message.ts";
import type { PeerListener, PeerTransport } from "../../src/transport/peer_transport.ts";
import type { TransportEvent } from "../../src/transport/transport_event.ts";

/** The cluster of all nodes that do not ask for another. */
export const CLUSTER = 0xc0ffeen;

/** What a test may choose about a node. */
export interface NodeSettings {
  readonly clusterId?: bigint;
  readonly admit?: Admit;
  readonly timing?: Partial<PeerTiming>;
}

/** The identity of a node. */
export function identityOf(memberId: MemberId, clusterId = CLUSTER): Identity {
  return { clusterId, memberId, storageId: new Uint8Array(16).fill(Number(memberId & 0xffn)) };
}

/** A test fails rather than waits longer than this for something that does not come. */
const WAIT_MS = 10_000;

/** The listener's side of a transport: it keeps what it is told, and lets a test wait for it. */
export class TestNode<T extends PeerTransport = PeerTransport> implements PeerListener {
  readonly id: MemberId;
  readonly events: TransportEvent[] = [];
  /** Each call of `onMessages`. */
  readonly batches: { from: MemberId; messages: readonly PeerMessage[] }[] = [];
  readonly connected: MemberId[] = [];
  readonly disconnected: MemberId[] = [];
  /** Bytes that went to and came from peers that were let in. */
  readonly traffic = { sentBytes: 0, receivedBytes: 0 };
  /** What the listener throws when messages arrive, if anything. */
  failure: Error | null = null;
  transport!: T;
  readonly #waiters = new Set<() => void>();

  constructor(id: MemberId) {
    this.id = id;
  }

  /** The options that make a transport report to this node. */
  options(clock: Clock, settings: NodeSettings = {}): PeerTransportOptions {
    return {
      identity: identityOf(this.id, settings.clusterId),
      clock,
      prng: new SeededPrng(Number(this.id)),
      admit: settings.admit ?? (() => null),
      onBytes: (_peer, sentBytes, receivedBytes) => {
        this.traffic.sentBytes += sentBytes;
        this.traffic.receivedBytes += receivedBytes;
      },
      onEvent: (event: TransportEvent) => {
        this.events.push(event);
        this.#changed();
      },
      timing: settings.timing ?? {},
    };
  }

  /** Every message so far. */
  get messages(): PeerMessage[] {
    return this.batches.flatMap(({ messages }) => messages);
  }

  /** The events of one type. */
  eventsOf<K extends TransportEvent["type"]>(type: K): Extract<TransportEvent, { type: K }>[] {
    return this.events.filter((event) => event.type === type) as Extract<
      TransportEvent,
      { type: K }
    >[];
  }

  onMessages(from: MemberId, messages: readonly PeerMessage[]): void {
    this.batches.push({ from, messages });
    this.#changed();
    if (this.failure) throw this.failure;
  }

  onConnected(peer: MemberId): void {
    this.connected.push(peer);
    this.#changed();
  }

  onDisconnected(peer: MemberId): void {
    this.disconnected.push(peer);
    this.#changed();
  }

  #changed(): void {
    for (const waiter of this.#waiters) waiter();
  }

  /** Resolves as soon as something that this node is told makes the condition true. */
  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        finish();
      };
      const check = () => condition() && end(resolve);
      const timer = setTimeout(() => {
        const told = this.events.map((event) => Deno.inspect(event, { breakLength: 200 }));
        end(() => reject(new Error(`Waited in vain: ${what}; told:\n${told.join("\n")}`)));
      }, WAIT_MS);
      this.#waiters.add(check);
    });
  }

  /** Resolves when an event of this type was told, with the first such one. */
  async event<K extends TransportEvent["type"]>(
    type: K,
  ): Promise<Extract<TransportEvent, { type: K }>> {
    await this.until(type, () => this.eventsOf(type).length > 0);
    return this.eventsOf(type)[0];
  }
}
