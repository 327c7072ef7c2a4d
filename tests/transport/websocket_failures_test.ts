import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { PEER_FRAME_BYTES_MAX } from "../../src/base/limits.ts";
import { CloseCode } from "../../src/transport/close_code.ts";
import { STRANGER_CONNECTIONS_MAX } from "../../src/transport/peer_limits.ts";
import { forward } from "./messages.ts";
import { RawPeer } from "./raw_peer.ts";
import { WebSocketHarness } from "./websocket_harness.ts";

function test(name: string, run: (harness: WebSocketHarness) => Promise<void>): void {
  Deno.test(`WebSocketPeerTransport ${name}`, async () => {
    const harness = new WebSocketHarness();
    try {
      await run(harness);
    } finally {
      await harness.close();
    }
  });
}

const url = (port: number) => [`http://127.0.0.1:${port}`];

test("connects when both dial at once, and keeps one way each", async (harness) => {
  const [a, b] = [harness.serve(1n), harness.serve(2n)];
  a.node.transport.setPeers([{ id: 2n, urls: url(b.port) }]);
  b.node.transport.setPeers([{ id: 1n, urls: url(a.port) }]);
  await a.node.until("two ways", () => a.node.eventsOf("connected").length === 2);
  await b.node.until("two ways", () => b.node.eventsOf("connected").length === 2);
  a.node.transport.send(2n, [forward(1)]);
  b.node.transport.send(1n, [forward(1)]);
  await a.node.until("it arrives", () => a.node.messages.length === 1);
  await b.node.until("it arrives", () => b.node.messages.length === 1);
  assertEquals([a.node.connected, b.node.connected], [[2n], [1n]]);
});

test("connects again after the connection was killed, and delivers again", async (harness) => {
  const [a, b] = [harness.serve(1n), harness.serve(2n)];
  harness.link(a.node, b.node);
  for (let round = 1; round <= 3; round++) {
    await a.node.until("connected", () => a.node.connected.length === round);
    await b.node.until("connected", () => b.node.connected.length === round);
    a.node.transport.send(2n, [forward(1)]);
    await b.node.until("delivered", () => b.node.messages.length === round);
    b.sockets.at(-1)?.close();
    await a.node.until("lost", () => a.node.disconnected.length === round);
  }
});

test("reaches a peer that starts late, and says once that it was away", async (harness) => {
  const port = harness.freePort();
  const a = harness.serve(1n, { timing: { redialMinMs: 1, redialMaxMs: 2 } });
  a.node.transport.setPeers([{ id: 2n, urls: url(port) }]);
  assertStringIncludes((await a.node.event("dialFailed")).url, `${port}`);
  const b = harness.serve(2n, {}, port);
  await a.node.until("connected", () => a.node.connected.length === 1);
  await b.node.until("connected", () => b.node.connected.length === 1);
  assertEquals(a.node.eventsOf("dialFailed").length, 1);
});

test("refuses a server that is somebody else", async (harness) => {
  const [a, b] = [harness.serve(1n), harness.serve(2n)];
  a.node.transport.setPeers([{ id: 3n, urls: url(b.port) }, { id: 4n, urls: url(a.port) }]);
  const { code, reason } = await b.node.event("refused");
  assertEquals(code, CloseCode.WrongMember);
  assertStringIncludes(reason, "peer looks for 3, this is 2");
  await a.node.until("both told", () => a.node.eventsOf("refusedBy").length === 2);
});

test("gives up a server that accepts and never answers", async (harness) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const a = harness.serve(1n, { timing: { helloTimeoutMs: 30, pingIntervalMs: 20 } });
  a.node.transport.setPeers([{ id: 2n, urls: url(listener.addr.port) }]);
  const held = [await listener.accept(), await listener.accept()];
  assertEquals((await a.node.event("dialFailed")).reason, "no hello within 30 ms");
  await a.node.transport.close();
  held.forEach((connection) => connection.close());
  listener.close();
});

test("gives up a peer that was connected and then says nothing", async (harness) => {
  const a = harness.serve(1n, { timing: { silenceTimeoutMs: 40, pingIntervalMs: 20 } });
  const peer = await RawPeer.connect(a.port);
  await peer.greet(2n, 1n);
  assertEquals((await a.node.event("disconnected")).code, CloseCode.Silent);
  assertEquals([a.node.connected, a.node.disconnected], [[2n], [2n]]);
  peer.close();
});

test("bounds what waits for a reader that does not read", async (harness) => {
  const a = harness.serve(1n);
  const peer = await RawPeer.connect(a.port);
  await peer.greet(2n, 1n);
  await a.node.until("connected", () => a.node.connected.length === 1);
  for (let i = 0; i < 60; i++) {
    a.node.transport.send(2n, [forward(1_000_000)]);
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  }
  await a.node.event("dropping");
  assertLess(a.sockets[0].bufferedAmount, 4_000_000);
  peer.close();
  await a.node.until("lost", () => a.node.disconnected.length === 1);
});

for (
  const [what, code, reason, send] of [
    ["a text", CloseCode.Malformed, "Cannot read", (p) => p.sendFrame(1, new Uint8Array(9))],
    ["garbage", CloseCode.Malformed, "checksum", (p) => p.sendFrame(2, new Uint8Array(99).fill(7))],
    ["an empty frame", CloseCode.Malformed, "Cannot read", (p) => p.sendFrame(2, new Uint8Array())],
    [
      "a huge frame",
      CloseCode.FrameTooLarge,
      "are allowed",
      (p) => p.sendFrame(2, new Uint8Array(PEER_FRAME_BYTES_MAX + 1)),
    ],
  ] satisfies [string, number, string, (peer: RawPeer) => Promise<void>][]
) {
  test(`closes on ${what} and tells why`, async (harness) => {
    const a = harness.serve(1n);
    const peer = await RawPeer.connect(a.port);
    const told = peer.readToEnd();
    await send(peer);
    assertEquals((await a.node.event("strangerClosed")).code, code);
    await peer.sendFrame(8, new Uint8Array());
    const text = new TextDecoder().decode(await told);
    assertStringIncludes(text, reason);
    peer.close();
  });
}

test("bounds connections that never say hello, and lets others in", async (harness) => {
  const [a, b] = [harness.serve(1n), harness.serve(2n)];
  const flood = await Promise.all(
    Array.from({ length: STRANGER_CONNECTIONS_MAX + 20 }, () => RawPeer.connect(b.port)),
  );
  await b.node.event("strangerClosed");
  harness.link(a.node, b.node);
  await a.node.until("connected", () => a.node.connected.length === 1);
  assert(!b.node.transport.isFull);
  flood.forEach((peer) => peer.close());
});

test("closes in bounded time although a peer never says goodbye", async (harness) => {
  const a = harness.serve(1n, { timing: { closeWaitMs: 20 } });
  const peer = await RawPeer.connect(a.port);
  await peer.greet(2n, 1n);
  await a.node.until("connected", () => a.node.connected.length === 1);
  await a.node.transport.close();
  assert(a.node.transport.isFull);
  peer.close();
});
