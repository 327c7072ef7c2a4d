/** Replicas that serve clients over real WebSockets on loopback, or inside the test's program. */
import { createFetchHandler } from "../../src/api/fetch_handler.ts";
import { createServices } from "../../src/api/services/methods.ts";
import type { ReplicaPort } from "../../src/api/replica_port.ts";
import {
  type MultiplexOptions,
  MultiplexServer,
} from "../../src/api/websocket/multiplex_server.ts";
import { withClientSockets } from "../../src/server/client_sockets.ts";

/** A replica behind a port of its own. */
export class ServedReplica implements AsyncDisposable {
  readonly multiplex: MultiplexServer;
  readonly errors: Error[] = [];
  readonly #stop = new AbortController();
  readonly #http: Deno.HttpServer<Deno.NetAddr>;

  constructor(replica: ReplicaPort, options: Partial<MultiplexOptions> = {}, port = 0) {
    const services = createServices(replica);
    const onInternalError = (error: Error) => this.errors.push(error);
    this.multiplex = new MultiplexServer({ replica, services, onInternalError, ...options });
    const { signal } = this.#stop;
    const rest = createFetchHandler({ replica, services, signal, onInternalError });
    this.#http = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      withClientSockets(rest, this.multiplex, []),
    );
  }

  get port(): number {
    return this.#http.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.multiplex.close();
    this.#stop.abort();
    await this.#http.shutdown();
  }
}
