import type { MemberId } from "../../src/base/ids.ts";
import type { PeerMessage } from "../../src/transport/peer_message.ts";
import type { PeerListener, PeerTransport } from "../../src/transport/peer_transport.ts";
import type { SimClock } from "./sim_clock.ts";
import type { World } from "./world.ts";

/** How the network behaves. Probabilities are per message, delays virtual milliseconds. */
export interface NetworkFaults {
  lossRate: number;
  duplicateRate: number;
  delayMinMs: number;
  delayMaxMs: number;
}

/** The way of a replica to the others, in the simulated network. */
class SimTransport implements PeerTransport {
  readonly clock: SimClock;
  readonly #network: SimNetwork;
  readonly #id: MemberId;
  listener: PeerListener | null = null;

  constructor(network: SimNetwork, id: MemberId, clock: SimClock) {
    this.#network = network;
    this.#id = id;
    this.clock = clock;
  }

  start(listener: PeerListener): void {
    this.listener = listener;
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    for (const message of messages) this.#network.carry(this.#id, to, message);
  }

  setPeers(): void {}

  close(): Promise<void> {
    this.listener = null;
    return Promise.resolve();
  }
}

/** A network between simulated replicas that loses, delays, doubles and reorders messages. */
export class SimNetwork {
  readonly faults: NetworkFaults = {
    lossRate: 0,
    duplicateRate: 0,
    delayMinMs: 0.2,
    delayMaxMs: 1,
  };
  readonly #world: World;
  readonly #transports = new Map<MemberId, SimTransport>();
  /** Directed links that carry nothing, as "from>to". */
  readonly #cut = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Connects a process under an identity; an earlier one under the same identity is gone. */
  connect(id: MemberId, clock: SimClock): PeerTransport {
    const transport = new SimTransport(this, id, clock);
    this.#transports.set(id, transport);
    return transport;
  }

  /** Cuts the way from one replica to another, in this direction only. */
  cut(from: MemberId, to: MemberId): void {
    this.#cut.add(`${from}>${to}`);
  }

  /** Mends every link. */
  heal(): void {
    this.#cut.clear();
  }

  /** Takes a message on its way. */
  carry(from: MemberId, to: MemberId, message: PeerMessage): void {
    const { prng } = this.#world;
    const copies = prng.chance(this.faults.duplicateRate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (prng.chance(this.faults.lossRate)) continue;
      const { delayMinMs, delayMaxMs } = this.faults;
      this.#world.after(delayMinMs + prng.next() * (delayMaxMs - delayMinMs), () => {
        if (this.#cut.has(`${from}>${to}`)) return;
        const target = this.#transports.get(to);
        target?.clock.run(() => target.listener?.onMessages(from, [message]));
      });
    }
  }
}
