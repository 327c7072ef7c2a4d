import type { KvorumClient, WaitOptions } from "../client.ts";
import { KvorumError } from "../errors.ts";
import type { KeyValue } from "../key_value.ts";
import { watchState } from "../state_watch.ts";
import { compare, op } from "../txn.ts";
import type { Session } from "./session.ts";

/** One address at which a service is to be had. */
export interface ServiceEndpoint {
  /** The key that stands for it. */
  readonly key: string;
  /** Where it is, such as `10.0.0.7:8080`. */
  readonly address: string;
  /** What it says about itself, or null. */
  readonly metadata: unknown;
  /** The lease of the one who keeps it, or zero if it stays until it is deleted. */
  readonly lease: bigint;
}

/** How a service is registered. */
export interface RegisterOptions extends WaitOptions {
  /** What JSON can say about it: a version, a zone, a weight. @default {null} */
  readonly metadata?: unknown;
}

/**
 * A service's address for as long as its session lives, in the layout of etcd's `naming/endpoints`,
 * so that gRPC's resolver for etcd finds it, too. The session is the health check: when the program
 * dies, its address goes within the session's TTL.
 *
 * @example Serve, and be found
 * ```ts
 * import { endpointsOf, Registration, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 *
 * await using registration = await Registration.register(session, "web", "10.0.0.7:8080", {
 *   metadata: { zone: "b" },
 * });
 * await registration.update({ zone: "b", busy: true });
 * console.log((await endpointsOf(cluster.client, "web"))[0].metadata);
 * ```
 */
export class Registration implements AsyncDisposable {
  /** The key that stands for the address. */
  readonly key: string;
  readonly #session: Session;
  readonly #address: string;

  private constructor(session: Session, key: string, address: string) {
    this.key = key;
    this.#session = session;
    this.#address = address;
  }

  /** Adds an address to a service, or takes it over from a session that is not ended yet. */
  static async register(
    session: Session,
    service: string,
    address: string,
    { metadata, ...options }: RegisterOptions = {},
  ): Promise<Registration> {
    const { client, lease, lost } = session;
    lost.throwIfAborted();
    const key = `${service}/${address}`;
    await client.put(key, valueOf(address, metadata), { ...options, lease });
    return new Registration(session, key, address);
  }

  /** Aborts when the address is not registered any more because the session is lost. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /**
   * Says something else about the address.
   * @throws {KvorumError} `FAILED_PRECONDITION` when it is not registered any more, or by another one
   */
  async update(metadata: unknown, options: WaitOptions = {}): Promise<void> {
    const { client, lease } = this.#session;
    const { succeeded } = await client.txn()
      .when(compare.lease(this.key, "==", lease))
      .do(op.put(this.key, valueOf(this.#address, metadata), { lease }))
      .commit(options);
    if (succeeded) return;
    throw new KvorumError("FAILED_PRECONDITION", "the address is not registered by this session");
  }

  /** Takes the address out of the service, unless another session has taken it over. */
  async withdraw(): Promise<void> {
    const { client, lease, lost } = this.#session;
    if (lost.aborted) return;
    await client.txn()
      .when(compare.lease(this.key, "==", lease))
      .do(op.delete(this.key))
      .commit();
  }

  /** The same as {@linkcode Registration.withdraw}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.withdraw();
  }
}

/**
 * Where a service is to be had now, in the order of the keys.
 *
 * @example Take any of them
 * ```ts
 * import { endpointsOf, Registration, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 * for (const address of ["10.0.0.7:8080", "10.0.0.8:8080"]) {
 *   await Registration.register(session, "web", address);
 * }
 *
 * const endpoints = await endpointsOf(cluster.client, "web");
 * const { address } = endpoints[Math.floor(Math.random() * endpoints.length)];
 * console.log(`http://${address}/`);
 * ```
 */
export async function endpointsOf(
  client: KvorumClient,
  service: string,
  options: WaitOptions = {},
): Promise<ServiceEndpoint[]> {
  const { kvs } = await client.range({ prefix: `${service}/` }, options);
  return kvs.map(toEndpoint).filter((endpoint) => endpoint !== null);
}

/**
 * Where a service is to be had: all addresses now, and all again whenever one comes, goes or says
 * something else.
 *
 * @example Balance over what is there
 * ```ts
 * import { observeEndpoints, Registration, Session } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * await using session = await Session.open(cluster.client, { ttlSeconds: 10 });
 * await using server = await Registration.register(session, "web", "10.0.0.7:8080");
 *
 * for await (const endpoints of observeEndpoints(cluster.client, "web")) {
 *   console.log(endpoints.map(({ address }) => address)); // ["10.0.0.7:8080"], then []
 *   if (endpoints.length === 0) break;
 *   await server.withdraw();
 * }
 * ```
 */
export async function* observeEndpoints(
  client: KvorumClient,
  service: string,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<readonly ServiceEndpoint[]> {
  const found = new Map<string, ServiceEndpoint>();
  const take = (kv: KeyValue): void => {
    const endpoint = toEndpoint(kv);
    if (endpoint === null) found.delete(kv.name);
    else found.set(kv.name, endpoint);
  };
  for await (const update of watchState(client, { prefix: `${service}/` }, options)) {
    if (update.type === "snapshot") {
      found.clear();
      update.kvs.forEach(take);
    } else {
      for (const { type, kv } of update.events) {
        if (type === "put") take(kv);
        else found.delete(kv.name);
      }
    }
    yield [...found.values()].sort((a, b) => a.key < b.key ? -1 : 1);
  }
}

/** Ref: etcd client/v3/naming/endpoints/internal/update.go; operation 0 adds an address. */
function valueOf(address: string, metadata: unknown): string {
  return JSON.stringify({ Op: 0, Addr: address, Metadata: metadata ?? null });
}

/** Null for a key that says nothing of an address: others may keep theirs there, too. */
function toEndpoint(kv: KeyValue): ServiceEndpoint | null {
  try {
    const { Addr: address, Metadata: metadata = null } = Object(kv.json());
    if (typeof address !== "string") return null;
    return { key: kv.name, address, metadata, lease: kv.lease };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
