import { PEER_FRAME_BYTES_MAX, PEER_QUEUE_BYTES_MAX } from "../base/limits.ts";
import { MESSAGES_FRAME_OVERHEAD_BYTES, peerMessageBytesMax } from "./peer_codec.ts";
import { FRAME_BYTES_TARGET, FRAME_MESSAGES_MAX } from "./peer_limits.ts";
import type { PeerMessage } from "./peer_message.ts";

/**
 * Messages that wait for a connection, bounded in bytes. When it is full, new messages are dropped
 * and old ones kept: what is queued is a gapless run of Raft's log, and stays useful; with its oldest
 * part missing the peer would have to reject all the rest.
 */
export class SendQueue {
  readonly #bytesMax: number;
  #messages: PeerMessage[] = [];
  #bytes = 0;
  /** Where the queue begins; what is before it was taken. */
  #head = 0;

  /** @param bytesMax How many bytes may wait. */
  constructor(bytesMax: number = PEER_QUEUE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** The bytes that wait, as frames would count them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#head === this.#messages.length;
  }

  /** Takes a message in, or answers false when it has to be dropped. */
  push(message: PeerMessage): boolean {
    const bytes = peerMessageBytesMax(message);
    if (bytes > PEER_FRAME_BYTES_MAX - MESSAGES_FRAME_OVERHEAD_BYTES) return false;
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#messages.push(message);
    this.#bytes += bytes;
    return true;
  }

  /** Removes the messages of the next frame: at least one, then as many as fit the frame's target. */
  takeFrame(): PeerMessage[] {
    const start = this.#head;
    let frameBytes = MESSAGES_FRAME_OVERHEAD_BYTES;
    while (!this.isEmpty && this.#head - start < FRAME_MESSAGES_MAX) {
      const bytes = peerMessageBytesMax(this.#messages[this.#head]);
      if (this.#head > start && frameBytes + bytes > FRAME_BYTES_TARGET) break;
      frameBytes += bytes;
      this.#bytes -= bytes;
      this.#head++;
    }
    const taken = this.#messages.slice(start, this.#head);
    if (this.isEmpty || this.#head >= FRAME_MESSAGES_MAX) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Forgets everything. */
  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
    this.#head = 0;
  }
}
