import { KvorumClient } from "./client.ts";
import { type Data, toBytes } from "./data.ts";
import type { ClientMethod } from "./methods.ts";
import { KeySpace } from "./key_space.ts";
import type { CallOptions, ClientStream, ClientTransport } from "./transport.ts";

/**
 * The same cluster as if it had only the keys below a prefix, and these without it. Everything that
 * takes a client works inside: transactions, watches, the keys of leases, locks and elections. Leases
 * themselves are the cluster's, and so are revisions.
 *
 * Closing it does nothing: the client that it was made of goes on.
 *
 * @param prefix What all keys begin with at the server, such as `app/`.
 * @throws {TypeError} if the prefix is empty
 *
 * @example Two programs that know nothing of each other
 * ```ts
 * import { namespaced } from "@kvorum/kvorum/client";
 * import { TestCluster } from "@kvorum/kvorum/testing";
 *
 * await using cluster = await TestCluster.start({ replicas: 1 });
 * const { client } = cluster;
 * const shop = namespaced(client, "shop/");
 * const blog = namespaced(client, "blog/");
 *
 * await shop.put("port", "80");
 * await blog.put("port", "81");
 * console.log((await shop.get("port"))?.text(), (await blog.get("port"))?.text()); // 80 81
 *
 * const { kvs } = await client.range({ all: true });
 * console.log(kvs.map(({ name }) => name)); // ["blog/port", "shop/port"]
 * if (kvs.length !== 2) throw new Error("They are in each other's way");
 * ```
 */
export function namespaced(client: KvorumClient, prefix: Data): KvorumClient {
  const bytes = toBytes(prefix);
  if (bytes.length === 0) throw new TypeError("Cannot make a namespace of an empty prefix");
  const transport = new NamespaceTransport(client.transport, new KeySpace(bytes));
  return new KvorumClient(transport, client.clock, client.deadlineMs);
}

/** Translates what goes to a cluster and what comes back. Ref: etcd client/v3/namespace. */
class NamespaceTransport implements ClientTransport {
  readonly #inner: ClientTransport;
  readonly #space: KeySpace;

  constructor(inner: ClientTransport, space: KeySpace) {
    this.#inner = inner;
    this.#space = space;
  }

  // deno-lint-ignore require-await -- what cannot be translated is a rejection, as any refusal
  async call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    options: CallOptions,
  ): Promise<R> {
    return this.#inner.call(
      method,
      this.#space.outside(method, request),
      (response) => toResult(this.#space.inside(method, response)),
      options,
    );
  }

  open<Q extends object, A extends object>(
    method: ClientMethod<Q, A>,
    request: Q,
  ): ClientStream<A> {
    const stream = this.#inner.open(method, this.#space.outside(method, request));
    return {
      next: async () => {
        const message = await stream.next();
        return message === null ? null : this.#space.inside(method, message);
      },
      cancel: () => stream.cancel(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
