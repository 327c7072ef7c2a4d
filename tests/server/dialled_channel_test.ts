import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import { dialPeer, peerConnector } from "../../src/server/connect_peer.ts";
import { DialledChannel } from "../../src/server/dialled_channel.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { ManualClock } from "../transport/manual_clock.ts";
import { forward } from "../transport/messages.ts";
import { peerTransportSuite } from "../transport/peer_transport_suite.ts";
import type { NodeSettings, TestNode } from "../transport/test_node.ts";
import { WebSocketHarness } from "../transport/websocket_harness.ts";

/** Nodes that dial as a server does. */
class DialledHarness extends WebSocketHarness {
  override make(id: bigint, settings: NodeSettings = {}): TestNode {
    const dial = (url: string) => dialPeer(url, null, PLATFORM_CLOCK);
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
    new DialledChannel(url, peerConnector(null), PLATFORM_CLOCK).start({
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

/** Does a WebSocket server's part of the handshake. */
async function upgrade(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1_024);
  const length = await connection.read(buffer);
  const request = new TextDecoder().decode(buffer.subarray(0, length ?? 0));
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const answer = `HTTP/1.1 101 Go\r\nSec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(answer));
}

/** Dials a server that speaks WebSocket as far as `then` does. */
async function dialRaw(then: (connection: Deno.Conn, channel: DialledChannel) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new ManualClock();
  const url = `ws://127.0.0.1:${listener.addr.port}/`;
  const channel = new DialledChannel(url, peerConnector(null), clock);
  const frames: string[] = [];
  const opened = Promise.withResolvers<void>();
  const ended = new Promise<[number, string]>((resolve) =>
    channel.start({
      onOpen: () => opened.resolve(),
      onFrame: (bytes) => frames.push(bytes.join()),
      onClose: (code, reason) => resolve([code, reason]),
    })
  );
  const connection = await listener.accept();
  await upgrade(connection);
  await opened.promise;
  await then(connection, channel);
  clock.advance(2_000);
  const end = await ended;
  connection.close();
  listener.close();
  return { end, frames };
}

Deno.test("DialledChannel waits only so long for a goodbye", async () => {
  const { end } = await dialRaw((_, channel) => {
    channel.close(4_012, "bye");
    return Promise.resolve();
  });
  assertEquals(end, [4_012, "bye"]);
});

Deno.test("DialledChannel puts parts of a message together and answers pings and goodbyes", async () => {
  const { end, frames } = await dialRaw(async (connection) => {
    const parts = [[0x02, 1, 7], [0x00, 0], [0x89, 1, 5], [0x80, 2, 8, 9]];
    await connection.write(new Uint8Array([...parts.flat(), 0x88, 3, 0x0f, 0xa0, 0x78]));
    const answers = new Uint8Array(64);
    let length = 0;
    // A pong of one byte and a goodbye of three, each with a header of two and a mask of four.
    while (length < 7 + 9) length += await connection.read(answers.subarray(length)) ?? 99;
    assertEquals([answers[0], answers[7]], [0x8a, 0x88]);
  });
  assertEquals([end, frames], [[4_000, "x"], ["7,8,9"]]);
});

for (
  const [what, bytes, code] of [
    ["masked frames", [0x82, 0x81, 0, 0, 0, 0, 1], 1002],
    ["frames that are too large", [0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0], 1009],
    ["control frames in parts", [0x09, 0], 1002],
  ] as const
) {
  Deno.test(`DialledChannel refuses ${what}`, async () => {
    const { end } = await dialRaw(async (connection) => {
      await connection.write(new Uint8Array(bytes));
      await connection.read(new Uint8Array(1));
    });
    assertEquals(end[0], code);
  });
}
