import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import {
  PEER_PATH,
  WebSocketPeerTransport,
  type WebSocketPeerTransportOptions,
} from "../../src/transport/websocket.ts";
import type { TransportHarness } from "./peer_transport_suite.ts";
import { type NodeSettings, TestNode } from "./test_node.ts";

/** A node with the server through which it accepts. */
export interface Served {
  readonly node: TestNode<WebSocketPeerTransport>;
  readonly port: number;
  /** The server's ends of all connections, the newest last. */
  readonly sockets: WebSocket[];
}

/** Starts a server that upgrades what comes to the peers' path. */
export function serve(
  onSocket: (socket: WebSocket) => void,
  port = 0,
): Deno.HttpServer<Deno.NetAddr> {
  const options = { port, hostname: "127.0.0.1", onListen: () => {} };
  return Deno.serve(options, (request) => {
    if (new URL(request.url).pathname !== PEER_PATH) return new Response(null, { status: 404 });
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    onSocket(socket);
    return response;
  });
}

/** Nodes over real WebSockets on the loopback interface. */
export class WebSocketHarness implements TransportHarness {
  readonly #served: Served[] = [];
  readonly #servers: Deno.HttpServer[] = [];

  serve(
    id: bigint,
    settings: NodeSettings & Pick<WebSocketPeerTransportOptions, "dial"> = {},
    port = 0,
  ): Served {
    const node = new TestNode<WebSocketPeerTransport>(id);
    const options = { ...node.options(PLATFORM_CLOCK, settings), ...settings };
    node.transport = new WebSocketPeerTransport({ ...options, timing: settings.timing ?? {} });
    const sockets: WebSocket[] = [];
    const server = serve((socket) => {
      sockets.push(socket);
      node.transport.accept(socket);
    }, port);
    node.transport.start(node);
    const served = { node, port: server.addr.port, sockets };
    this.#served.push(served);
    this.#servers.push(server);
    return served;
  }

  make(id: bigint, settings?: NodeSettings): TestNode {
    return this.serve(id, settings).node;
  }

  link(from: TestNode, to: TestNode): void {
    const { port } = this.#served.find(({ node }) => node === to)!;
    from.transport.setPeers([{ id: to.id, urls: [`http://127.0.0.1:${port}`] }]);
    to.transport.setPeers([{ id: from.id, urls: [] }]);
  }

  /** A port on which nothing listens. */
  freePort(): number {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.close();
    return listener.addr.port;
  }

  async close(): Promise<void> {
    await Promise.all(this.#served.map(({ node }) => node.transport.close()));
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}
