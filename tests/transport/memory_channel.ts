import type { Clock } from "../../src/base/clock.ts";
import type { PeerChannel, PeerChannelHandler } from "../../src/transport/peer_channel.ts";

/** One end of a channel inside the process, which a test can break in every way. */
export class MemoryChannel implements PeerChannel {
  bufferedBytes = 0;
  /** Frames given to this end to send. */
  readonly sent: Uint8Array[] = [];
  /** How this end was closed by its user, if it was. */
  closedWith: { code: number; reason: string } | null = null;
  /** Whether what is sent gets lost on the way. */
  isCut = false;
  readonly #clock: Clock;
  #handler: PeerChannelHandler | null = null;
  #other: MemoryChannel | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Two ends that are open as soon as both are started. */
  static pair(clock: Clock): [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(clock), new MemoryChannel(clock)];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  start(handler: PeerChannelHandler): void {
    this.#handler = handler;
    if (this.#other) this.#clock.defer(() => this.#handler?.onOpen());
  }

  /** Lets this end receive a frame. */
  receive(bytes: Uint8Array): void {
    this.#clock.defer(() => this.#handler?.onFrame(bytes));
  }

  send(bytes: Uint8Array): void {
    const own = bytes.slice();
    this.sent.push(own);
    if (!this.isCut) this.#other?.receive(own);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    if (!this.isCut) this.#other?.breakOff(code, reason);
    this.breakOff(code, reason);
  }

  /** Ends this end without a word to the other one. */
  breakOff(code = 1006, reason = ""): void {
    this.#clock.defer(() => {
      const handler = this.#handler;
      this.#handler = null;
      handler?.onClose(code, reason);
    });
  }
}
