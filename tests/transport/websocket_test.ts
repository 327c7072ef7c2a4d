import { assertEquals, assertThrows } from "@std/assert";
import { peerSocketUrl } from "../../src/transport/websocket.ts";
import { peerTransportSuite } from "./peer_transport_suite.ts";
import { WebSocketHarness } from "./websocket_harness.ts";

peerTransportSuite("WebSocketPeerTransport", () => new WebSocketHarness());

Deno.test("peerSocketUrl() makes WebSocket addresses of peer URLs", () => {
  assertEquals(peerSocketUrl("http://10.0.0.1:2380"), "ws://10.0.0.1:2380/kvorum/peer");
  assertEquals(peerSocketUrl("https://a.example/"), "wss://a.example/kvorum/peer");
  assertEquals(peerSocketUrl("ws://[::1]:1/x/"), "ws://[::1]:1/x/kvorum/peer");
  for (const url of ["ftp://a", "unix:///tmp/x", "localhost:2380", ""]) {
    assertThrows(() => peerSocketUrl(url), TypeError);
  }
});
