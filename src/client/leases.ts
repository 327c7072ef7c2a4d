import { KvorumError } from "./errors.ts";
import {
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_LEASES,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
} from "./methods.ts";
import type { CallOptions, ClientTransport } from "./transport.ts";

/** A lease as it was granted. */
export interface LeaseGrant {
  /** The lease's name, for `put` and the others. */
  readonly id: bigint;
  /** The seconds that it lives unless it is renewed; the server may grant more than was asked for. */
  readonly ttlSeconds: number;
}

/** What is left of a lease. */
export interface LeaseState {
  /** Seconds; -1 if there is no such lease. */
  readonly remainingSeconds: number;
  /** The seconds that were granted. */
  readonly ttlSeconds: number;
  /** The keys that end with it, if they were asked for. */
  readonly keys: readonly Uint8Array[];
}

/**
 * Leases: keys that are attached to one are deleted when nobody renews it any more.
 *
 * @example Announce a service for as long as it lives
 * ```ts
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 *
 * const { id } = await client.leases.grant(30);
 * await client.put("services/web", "10.0.0.7:8080", { lease: id });
 * await client.leases.renew(id); // before the 30 seconds are over, again and again
 * const { keys, remainingSeconds } = await client.leases.state(id, { keys: true });
 * console.log(keys.length, remainingSeconds);
 *
 * await client.leases.revoke(id); // or do not renew it any more
 * if (await client.get("services/web") !== null) throw new Error("It outlived its lease");
 * ```
 */
export class Leases<O> {
  readonly #transport: ClientTransport;
  readonly #toCallOptions: (options: O | undefined) => CallOptions;

  /**
   * Programs use `client.leases` instead.
   * @internal
   */
  constructor(
    transport: ClientTransport,
    toCallOptions: (options: O | undefined) => CallOptions,
  ) {
    this.#transport = transport;
    this.#toCallOptions = toCallOptions;
  }

  /**
   * Creates a lease.
   * @param ttlSeconds How long it lives without being renewed, rounded up to whole seconds.
   * @throws {KvorumError} `OUT_OF_RANGE` when that is more than a lease may live
   */
  async grant(ttlSeconds: number, options?: O): Promise<LeaseGrant> {
    for (;;) {
      // Why chosen here: a repetition of the request must not create a second lease.
      const id = randomLeaseId();
      try {
        return await this.#transport.call(
          LEASE_GRANT,
          { ttl: Math.ceil(ttlSeconds), id },
          ({ id, ttl }) => ({ id, ttlSeconds: ttl }),
          this.#toCallOptions(options),
        );
      } catch (error) {
        const isTaken = error instanceof KvorumError &&
          error.message === "etcdserver: lease already exists";
        if (!isTaken) throw error;
      }
    }
  }

  /**
   * Ends a lease and deletes its keys.
   * @throws {KvorumError} `NOT_FOUND` when there is no such lease
   */
  revoke(id: bigint, options?: O): Promise<void> {
    return this.#transport.call(LEASE_REVOKE, { id }, () => {}, this.#toCallOptions(options));
  }

  /**
   * Sets a lease back to its full time.
   * @returns the seconds that it lives from now on, or zero if there is no such lease any more
   */
  renew(id: bigint, options?: O): Promise<number> {
    return this.#transport.call(
      LEASE_KEEP_ALIVE,
      { id },
      ({ ttl }) => ttl,
      this.#toCallOptions(options),
    );
  }

  /** What is left of a lease. */
  state(id: bigint, options?: O & { readonly keys?: boolean }): Promise<LeaseState> {
    return this.#transport.call(
      LEASE_TIME_TO_LIVE,
      { id, keys: options?.keys ?? false },
      ({ ttl, grantedTtl, keys }) => ({ remainingSeconds: ttl, ttlSeconds: grantedTtl, keys }),
      this.#toCallOptions(options),
    );
  }

  /** The names of all leases. */
  list(options?: O): Promise<bigint[]> {
    return this.#transport.call(
      LEASE_LEASES,
      {},
      ({ leases }) => leases.map(({ id }) => id),
      this.#toCallOptions(options),
    );
  }
}

/** A positive 63-bit name. */
function randomLeaseId(): bigint {
  const [drawn] = crypto.getRandomValues(new BigUint64Array(1));
  return BigInt.asUintN(63, drawn) || 1n;
}
