import type { Channel } from "../proto/multiplex/channel.ts";
import { SocketChannel, socketUrl } from "./socket_channel.ts";

/** Where a server is: its URL, or a way to a server in this program or in a worker. */
export type Endpoint = string | (() => Channel);

/** Pauses between rounds of failed attempts. */
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 2_000;

/** Which server to try next, and when. */
export class Endpoints {
  readonly #dials: readonly (() => Channel)[];
  readonly #random: () => number;
  /** The one in use, or tried last. */
  #current: number;
  #failures = 0;

  /** @throws {TypeError} if there is none, or one cannot be connected to */
  constructor(endpoints: readonly Endpoint[], random: () => number) {
    if (endpoints.length === 0) throw new TypeError("Cannot connect: there is no endpoint");
    this.#dials = endpoints.map((endpoint) => {
      if (typeof endpoint === "function") return endpoint;
      const url = socketUrl(endpoint);
      return () => new SocketChannel(url);
    });
    this.#random = random;
    // Clients spread over the servers by chance.
    this.#current = Math.floor(random() * endpoints.length);
  }

  /** How many there are. */
  get count(): number {
    return this.#dials.length;
  }

  /** Begins to connect. */
  dial(): Channel {
    return this.#dials[this.#current]();
  }

  /** The connection stands. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * The connection broke, or never stood: the next server is tried.
   * @returns how long to wait before that
   */
  failed(): number {
    this.#current = (this.#current + 1) % this.#dials.length;
    const rounds = Math.floor(++this.#failures / this.#dials.length);
    if (rounds === 0) return 0;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(rounds, 10));
    return pauseMs * (0.5 + 0.5 * this.#random());
  }
}
