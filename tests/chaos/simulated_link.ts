import type { Stoppable } from "../../src/base/clock.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { Channel, ChannelHandler } from "../../src/proto/multiplex/channel.ts";
import type { Link, Trouble } from "./ground.ts";

/** How long a message takes. */
const USUAL_MS = 1;
const DELAY_MS = 400;
const DRIP_MS = 3_000;

/** What a connection that was cut says; no server says that. */
const CUT = { code: 1006, reason: "the wire is cut" };

/** A wire on simulated time between a client and a replica. */
export class SimulatedLink implements Link {
  trouble: Trouble | null = null;
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #server: () => Channel | null;
  readonly #open = new Set<LinkedChannel>();

  /** @param server Connects to the replica; null while it is down. */
  constructor(clock: Clock, prng: Prng, server: () => Channel | null) {
    this.#clock = clock;
    this.#prng = prng;
    this.#server = server;
  }

  /** The client's end of a new connection. */
  dial(): Channel {
    const channel = new LinkedChannel(this, this.#clock);
    this.#open.add(channel);
    return channel;
  }

  cut(): void {
    for (const channel of [...this.#open]) channel.end(CUT.code, CUT.reason);
  }

  cutInFrame(): void {
    for (const channel of this.#open) channel.endsWithNext = true;
  }

  /** The replica's end, or null when it cannot be had. */
  reach(): Channel | null {
    return this.trouble === "refuse" ? null : this.#server();
  }

  /** How long the next message takes in a direction, or null when it is lost. */
  delayMs(toServer: boolean): number | null {
    switch (this.trouble) {
      case "silent":
        return null;
      case "deafServer":
        return toServer ? null : USUAL_MS;
      case "deafClient":
        return toServer ? USUAL_MS : null;
      case "delay":
        return this.#prng.next() * DELAY_MS;
      case "drip":
        return this.#prng.next() * DRIP_MS;
      default:
        return USUAL_MS;
    }
  }

  forget(channel: LinkedChannel): void {
    this.#open.delete(channel);
  }
}

/** One connection over a link. Messages keep their order, whatever happens to each. */
class LinkedChannel implements Channel {
  readonly bufferedBytes = 0;
  endsWithNext = false;
  readonly #link: SimulatedLink;
  readonly #clock: Clock;
  readonly #arrivesMs = [0, 0];
  readonly #travelling = new Set<Stoppable>();
  #server: Channel | null = null;
  #handler: ChannelHandler | null = null;

  constructor(link: SimulatedLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  start(handler: ChannelHandler): void {
    this.#handler = handler;
    this.#travel(true, () => {
      const server = this.#link.reach();
      if (server === null) return this.end(CUT.code, "connection refused");
      this.#server = server;
      server.start({
        onOpen: () => this.#travel(false, () => this.#handler?.onOpen()),
        onMessage: (bytes) => this.#travel(false, () => this.#handler?.onMessage(bytes)),
        onClose: (code, reason) => this.#travel(false, () => this.end(code, reason)),
      });
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#handler === null) return;
    // The rest of the frame never comes, so none of it is a message.
    if (this.endsWithNext) return this.end(CUT.code, CUT.reason);
    const copy = bytes.slice();
    this.#travel(true, () => this.#server?.send(copy));
  }

  close(code: number, reason: string): void {
    this.#travel(true, () => this.#server?.close(code, reason));
    this.end(code, reason, false);
  }

  /** The connection is no more, for both ends. */
  end(code: number, reason: string, tellsServer = true): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#handler = null;
    this.#link.forget(this);
    if (tellsServer) {
      for (const message of this.#travelling) message.stop();
      this.#server?.close(code, reason);
    }
    handler.onClose(code, reason);
  }

  #travel(toServer: boolean, arrive: () => void): void {
    const delayMs = this.#link.delayMs(toServer);
    if (delayMs === null) return;
    const direction = toServer ? 1 : 0;
    const nowMs = this.#clock.nowMs();
    const atMs = Math.max(this.#arrivesMs[direction], nowMs + delayMs);
    this.#arrivesMs[direction] = atMs;
    const message = this.#clock.after(atMs - nowMs, () => {
      this.#travelling.delete(message);
      arrive();
    });
    this.#travelling.add(message);
  }
}
