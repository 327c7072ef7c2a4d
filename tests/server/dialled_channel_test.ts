import { assertEquals } from "@std/assert";
import { dialPeer, peerConnector } from "../../src/server/connect_peer.ts";
import { DialledChannel } from "../../src/server/dialled_channel.ts";
import { SystemClock } from "../../src/server/system_clock.ts";
import { forward } from "../transport/messages.ts";
import { peerTransportSuite } from "../transport/peer_transport_suite.ts";
import type { NodeSettings, TestNode } from "../transport/test_node.ts";
import { WebSocketHarness } from "../transport/websocket_harness.ts";

/** Nodes that dial as a server does. */
class DialledHarness extends WebSocketHarness {
  override make(id: bigint, settings: NodeSettings = {}): TestNode {
    const dial = (url: string) => dialPeer(url, null, new SystemClock());
    return this.serve(id, { ...settings, dial }).node;
  }
}

peerTransportSuite("DialledChannel", () => new DialledHarness());

/** A server that answers each connection with `answer` and then leaves, or stays silent. */
async function serveOnce(answer: string, run: (url: string) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(1_024));
    await connection.write(new TextEncoder().encode(answer));
    connection.close();
  })();
  await run(`ws://127.0.0.1:${listener.addr.port}/kvorum/peer`);
  await served;
  listener.close();
}

/** How a channel to `url` ends. */
function ending(url: string): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) =>
    new DialledChannel(url, peerConnector(null), new SystemClock()).start({
      onOpen: () => {},
      onFrame: () => {},
      onClose: (code, reason) => resolve({ code, reason }),
    })
  );
}

for (
  const [what, answer, reason] of [
    ["is busy", "HTTP/1.1 503 Not now\r\n\r\n", 'the server answers "HTTP/1.1 503 Not now"'],
    ["is no WebSocket", "HTTP/1.1 101 Go\r\n\r\n", "the server does not speak WebSocket"],
    ["is no server of HTTP", "x".repeat(9_999), "a line is longer than 1024 bytes"],
    ["never ends", "HTTP/1.1 101\r\n" + "a: b\r\n".repeat(99), "more than 64 lines"],
    ["leaves", "HTTP/1.1 101\r\n", "the connection was closed"],
  ]
) {
  Deno.test(`DialledChannel says why it gives up a server that ${what}`, async () => {
    await serveOnce(answer, async (url) => {
      const end = await ending(url);
      assertEquals([end.code, end.reason.includes(reason)], [1006, true], end.reason);
    });
  });
}

Deno.test("DialledChannel says that nobody listens", async () => {
  const harness = new WebSocketHarness();
  const { code, reason } = await ending(`ws://127.0.0.1:${harness.freePort()}/`);
  assertEquals([code, reason.includes("refused")], [1006, true], reason);
});

Deno.test("DialledChannel sends every length whole", async () => {
  const harness = new DialledHarness();
  const [a, b] = [harness.make(1n), harness.make(2n)];
  harness.link(a, b);
  await a.until("a connects", () => a.connected.length > 0);
  // Frames change their form at 126 and 65,536 bytes, and masks repeat every four.
  const sizes = [0, 1, 2, 3, 4, 90, 91, 92, 93, 65_480, 65_481, 65_500, 70_001];
  for (const [i, size] of sizes.entries()) {
    a.transport.send(2n, [forward(size, i)]);
    await b.until("b has it", () => b.messages.length === i + 1);
    assertEquals(b.messages[i], forward(size, i));
  }
  await harness.close();
});
