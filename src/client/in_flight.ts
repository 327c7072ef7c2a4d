import type { ServerLimits } from "../proto/multiplex/hello.ts";
import type { PendingCall } from "./pending_call.ts";

/** What the server of one connection works on, so that its limits are kept. */
export class InFlight {
  /** The bytes of calls that nobody waits for any more but that were not answered, by name. */
  readonly #abandoned = new Map<number, number>();
  // Invariant: both count the calls sent over the present connection and not answered.
  #calls = 0;
  #byteLength = 0;

  /** How many calls were sent and not answered. */
  get count(): number {
    return this.#calls;
  }

  /** Whether the server takes another call now. */
  hasRoom({ callsMax, callBytesMax }: ServerLimits): boolean {
    return this.#calls < callsMax && this.#byteLength < callBytesMax;
  }

  /** A call was sent. */
  add(call: PendingCall): void {
    this.#calls++;
    this.#byteLength += call.byteLength;
  }

  /** A call was answered. */
  remove(call: PendingCall): void {
    this.#calls--;
    this.#byteLength -= call.byteLength;
    call.byteLength = 0;
  }

  /** Nobody waits for a call any more. If it was sent, the server still works on it. */
  abandon(call: PendingCall): void {
    if (call.byteLength > 0) this.#abandoned.set(call.id, call.byteLength);
  }

  /** The answer to an abandoned call came. */
  removeAbandoned(id: number): void {
    const byteLength = this.#abandoned.get(id);
    if (byteLength === undefined) return;
    this.#abandoned.delete(id);
    this.#calls--;
    this.#byteLength -= byteLength;
  }

  /** There is another connection, over which nothing was sent yet. */
  clear(): void {
    this.#abandoned.clear();
    this.#calls = 0;
    this.#byteLength = 0;
  }
}
