import { type CallContext, mustServe } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { type Every, PROGRESS_INTERVAL_MS, WatchCall } from "./watch_call.ts";

const everyByTimer: Every = (periodMs, fn) => {
  const timer = setInterval(fn, periodMs);
  return { stop: () => clearInterval(timer) };
};

/** etcd's Watch service: each call is a stream of its own. */
export class WatchService {
  readonly #replica: ReplicaPort;
  readonly #every: Every;
  readonly #progressIntervalMs: number;
  readonly #calls = new Set<WatchCall>();
  #closed = false;

  /** @param progressIntervalMs How often idle watchers that want to know hear of progress. */
  constructor(
    replica: ReplicaPort,
    every: Every = everyByTimer,
    progressIntervalMs: number = PROGRESS_INTERVAL_MS,
  ) {
    this.#replica = replica;
    this.#every = every;
    this.#progressIntervalMs = progressIntervalMs;
  }

  /**
   * Opens a stream. The caller ends it.
   * @throws {RpcError} when this replica does not serve it
   */
  open(context: CallContext): WatchCall {
    if (this.#closed) throw rpcError("stopped");
    mustServe(this.#replica, context, { learnerMay: false });
    const call = new WatchCall(this.#replica, {
      requireLeader: context.requireLeader,
      every: this.#every,
      progressIntervalMs: this.#progressIntervalMs,
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
