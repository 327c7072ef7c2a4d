import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { MessagePortPeerTransport } from "../../src/transport/message_port.ts";
import { peerTransportSuite, type TransportHarness } from "./peer_transport_suite.ts";
import { type NodeSettings, TestNode } from "./test_node.ts";

type PortNode = TestNode<MessagePortPeerTransport>;

class MessagePortHarness implements TransportHarness {
  readonly #nodes: PortNode[] = [];

  make(id: bigint, settings?: NodeSettings): TestNode {
    const node: PortNode = new TestNode(id);
    node.transport = new MessagePortPeerTransport(node.options(PLATFORM_CLOCK, settings));
    node.transport.start(node);
    this.#nodes.push(node);
    return node;
  }

  link(from: PortNode, to: PortNode): void {
    from.transport.setPeers([{ id: to.id, urls: [] }]);
    to.transport.setPeers([{ id: from.id, urls: [] }]);
    const { port1, port2 } = new MessageChannel();
    from.transport.connect(port1, to.id);
    to.transport.accept(port2);
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.transport.close()));
  }
}

peerTransportSuite("MessagePortPeerTransport", () => new MessagePortHarness());
