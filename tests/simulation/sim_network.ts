import { assertEquals } from "@std/assert";
import { MalformedBytesError } from "../../src/base/byte_reader.ts";
import type { MemberId } from "../../src/base/ids.ts";
import type { Prng } from "../../src/base/prng.ts";
import { decodeMessagesFrame, encodeMessagesFrame } from "../../src/transport/peer_codec.ts";
import type { PeerMessage } from "../../src/transport/peer_message.ts";
import type { PeerListener, PeerTransport } from "../../src/transport/peer_transport.ts";
import type { SimClock } from "./sim_clock.ts";
import type { NetworkOptions } from "./sim_options.ts";
import type { Verdict } from "./verdict.ts";
import type { World } from "./world.ts";

/** Sees what a replica does to the network. */
export interface NetworkObserver {
  /** A message is about to leave its sender. */
  sending(message: PeerMessage): void;
  /** The replica has told whom it may speak to: after each change of the members. */
  meeting(): void;
}

/** The way of one process to the others, in the simulated network. */
class SimTransport implements PeerTransport {
  readonly clock: SimClock;
  readonly #observer: NetworkObserver;
  readonly #network: SimNetwork;
  readonly #id: MemberId;
  listener: PeerListener | null = null;

  constructor(network: SimNetwork, id: MemberId, clock: SimClock, observer: NetworkObserver) {
    this.#network = network;
    this.#id = id;
    this.clock = clock;
    this.#observer = observer;
  }

  start(listener: PeerListener): void {
    this.listener = listener;
  }

  send(to: MemberId, messages: readonly PeerMessage[]): void {
    // A process that died in the middle of something says no more.
    if (this.clock.isDead || this.listener === null) return;
    for (const message of messages) this.#observer.sending(message);
    this.#network.carry(this.#id, to, messages);
  }

  setPeers(): void {
    this.#observer.meeting();
  }

  close(): Promise<void> {
    this.listener = null;
    return Promise.resolve();
  }
}

/** What one episode adds to the network's usual behaviour. */
export interface Weather {
  readonly lossRate: number;
  readonly delayMs: number;
  /** The only member whose frames it concerns, on their way there. */
  readonly to?: MemberId;
}

/** A network between simulated replicas that loses, delays, doubles, reorders and damages frames. */
export class SimNetwork {
  readonly #world: World;
  readonly #prng: Prng;
  readonly #options: NetworkOptions;
  readonly #verdict: Verdict;
  readonly #transports = new Map<MemberId, SimTransport>();
  /** How many episodes cut each directed link, as "from>to". */
  readonly #cuts = new Map<string, number>();
  readonly #weather = new Set<Weather>();
  /** When the last frame of each link arrives. */
  readonly #lastArrivalMs = new Map<string, number>();

  constructor(world: World, options: NetworkOptions, verdict: Verdict) {
    this.#world = world;
    this.#prng = world.prng.fork("network");
    this.#options = options;
    this.#verdict = verdict;
  }

  /** Connects a process under an identity; an earlier one under the same identity is gone. */
  connect(id: MemberId, clock: SimClock, observer: NetworkObserver): PeerTransport {
    const transport = new SimTransport(this, id, clock, observer);
    this.#transports.set(id, transport);
    return transport;
  }

  /** Cuts directed links. Calling the returned function mends them. */
  cut(links: readonly (readonly [MemberId, MemberId])[]): () => void {
    for (const link of links) this.#cut(link, 1);
    return () => {
      for (const link of links) this.#cut(link, -1);
    };
  }

  #cut([from, to]: readonly [MemberId, MemberId], by: number): void {
    const key = `${from}>${to}`;
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + by);
  }

  /** Makes everything worse until the returned function is called. */
  worsen(weather: Weather): () => void {
    this.#weather.add(weather);
    return () => this.#weather.delete(weather);
  }

  /** Takes a frame on its way. */
  carry(from: MemberId, to: MemberId, messages: readonly PeerMessage[]): void {
    const prng = this.#prng;
    const options = this.#options;
    let lossRate = options.lossRate;
    let extraMs = 0;
    for (const weather of this.#weather) {
      if (weather.to !== undefined && weather.to !== to) continue;
      lossRate = Math.max(lossRate, weather.lossRate);
      extraMs += weather.delayMs;
    }
    const copies = prng.chance(options.duplicateRate) ? 2 : 1;
    if (copies > 1) this.#verdict.count("frames doubled");
    for (let copy = 0; copy < copies; copy++) {
      if (prng.chance(lossRate)) {
        this.#verdict.count("frames lost");
        continue;
      }
      const arrived = prng.chance(options.codecRate)
        ? this.#overTheWire(from, to, messages)
        : messages;
      if (arrived === null) continue;
      const spreadMs = options.delayMaxMs + extraMs - options.delayMinMs;
      this.#deliver(from, to, arrived, options.delayMinMs + prng.next() * spreadMs);
    }
  }

  #deliver(
    from: MemberId,
    to: MemberId,
    messages: readonly PeerMessage[],
    delayMs: number,
  ): void {
    const link = `${from}>${to}`;
    const { nowMs } = this.#world;
    const lastMs = this.#lastArrivalMs.get(link) ?? 0;
    const isOvertaking = !this.#options.isOrdered && nowMs + delayMs < lastMs;
    if (this.#options.isOrdered) delayMs = Math.max(delayMs, lastMs - nowMs);
    this.#lastArrivalMs.set(link, Math.max(nowMs + delayMs, lastMs));
    this.#world.after(delayMs, () => {
      if (isOvertaking) this.#verdict.count("frames reordered");
      if ((this.#cuts.get(link) ?? 0) > 0) return;
      const target = this.#transports.get(to);
      target?.clock.run(() => target.listener?.onMessages(from, messages));
    });
  }

  /** Sends a frame as bytes. @returns what the other side reads, or null if it refuses the frame. */
  #overTheWire(
    from: MemberId,
    to: MemberId,
    messages: readonly PeerMessage[],
  ): readonly PeerMessage[] | null {
    const bytes = encodeMessagesFrame(from, to, messages);
    const isDamaged = this.#prng.chance(this.#options.corruptRate);
    if (isDamaged) {
      this.#verdict.count("frames damaged");
      this.#damage(bytes);
    }
    try {
      const frame = decodeMessagesFrame(bytes);
      if (isDamaged) {
        this.#verdict.report("codec", `A damaged frame with ${messages[0]?.type} was accepted`);
        return null;
      }
      if (frame.from !== from || frame.to !== to) this.#verdict.report("codec", "Wrong address");
      if (this.#prng.chance(0.05)) assertEquals(frame.messages, messages);
      return frame.messages;
    } catch (error) {
      if (isDamaged && error instanceof MalformedBytesError) return null;
      this.#verdict.report("codec", `A frame with ${messages[0]?.type} cannot be read: ${error}`);
      return null;
    }
  }

  #damage(bytes: Uint8Array): void {
    const bits = this.#prng.between(1, 4);
    const before = bytes.slice();
    do {
      for (let i = 0; i < bits; i++) {
        bytes[this.#prng.between(0, bytes.length)] ^= 1 << this.#prng.between(0, 8);
      }
    } while (bytes.every((byte, i) => byte === before[i]));
  }
}
