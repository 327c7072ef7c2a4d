import { assert, assertEquals } from "@std/assert";
import type { ServerProcess } from "../e2e/local_cluster.ts";

/** What one call may take while the machine is busy with the attack. */
const CALL_MS = 10_000;
const PAUSE_MS = 5;

interface TxnAnswer {
  readonly responses: readonly {
    readonly response_range?: { readonly kvs?: readonly { readonly value: string }[] };
  }[];
}

/** A client that behaves, on a replica that is under attack: it must not notice anything. */
export class Witness {
  /** How many times it has put a value and got it back. */
  rounds = 0;
  /** The longest that such a round took. */
  slowestMs = 0;
  readonly #server: ServerProcess;
  #isDone = false;
  readonly #running: Promise<void>;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#running = this.#run();
    // Why: `stop` reports the failure, and must not be too late for it.
    this.#running.catch(() => this.#isDone = true);
  }

  /** Whether a call has failed. */
  get hasFailed(): boolean {
    return this.#isDone;
  }

  async #run(): Promise<void> {
    while (!this.#isDone) {
      const startMs = performance.now();
      const key = btoa("witness/" + this.rounds % 50);
      const value = btoa(String(this.rounds));
      // Why one transaction: a request that damage has made a valid delete may come between two.
      const success = [{ request_put: { key, value } }, { request_range: { key } }];
      const answer = await this.#server.call<TxnAnswer>("/v3/kv/txn", { success }, CALL_MS);
      assert(answer !== null, `put and get number ${this.rounds} failed`);
      const got = answer.responses[1].response_range?.kvs?.[0].value;
      assertEquals(got, value, `get number ${this.rounds} is wrong`);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
      this.rounds++;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Ends it. @throws {AssertionError} if a call has failed. */
  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#running;
  }
}
