import { type CallContext, mustServe } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { WatchCall } from "./watch_call.ts";

/** etcd's `--watch-progress-notify-interval`. */
const PROGRESS_INTERVAL_MS = 600_000;

/** etcd's Watch service: each call is a stream of its own. */
export class WatchService {
  readonly #replica: ReplicaPort;
  readonly #calls = new Set<WatchCall>();
  #closed = false;

  constructor(replica: ReplicaPort) {
    this.#replica = replica;
  }

  /**
   * Opens a stream. The caller ends it.
   * @throws {RpcError} when this replica does not serve it
   */
  open(context: CallContext): WatchCall {
    if (this.#closed) throw rpcError("stopped");
    mustServe(this.#replica, context, { learnerMay: false });
    const call = new WatchCall(this.#replica, {
      progressIntervalMs: PROGRESS_INTERVAL_MS,
      onEnd: (ended) => this.#calls.delete(ended),
    });
    this.#calls.add(call);
    return call;
  }

  /** Ends all streams because the replica stops, and opens no more. */
  close(): void {
    this.#closed = true;
    for (const call of [...this.#calls]) call.end(rpcError("stopped"));
  }
}
