import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { PEER_FRAME_BYTES_MAX, PEER_QUEUE_BYTES_MAX } from "../../src/base/limits.ts";
import { CloseCode } from "../../src/transport/close_code.ts";
import { encodeHello } from "../../src/transport/hello.ts";
import { encodeMessagesFrame } from "../../src/transport/peer_codec.ts";
import { CONNECTIONS_MAX, STRANGER_CONNECTIONS_MAX } from "../../src/transport/peer_limits.ts";
import { PeerMesh } from "../../src/transport/peer_mesh.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryChannel } from "./memory_channel.ts";
import { forward } from "./messages.ts";
import { identityOf, type NodeSettings, TestNode } from "./test_node.ts";

const PEER = { id: 2n, urls: ["http://a", "http://b"] };

interface Dial {
  readonly atMs: number;
  readonly url: string;
  readonly channel: MemoryChannel;
}

/** A mesh whose dials a test sees, and answers or not. */
function dialler(clock: ManualClock, id = 1n, settings: NodeSettings = {}) {
  const dials: Dial[] = [];
  const node = new TestNode<PeerMesh>(id);
  node.transport = new PeerMesh(node.options(clock, settings), (url) => {
    if (url === "broken") throw new TypeError("no URL");
    const channel = new MemoryChannel(clock);
    dials.push({ atMs: clock.nowMs(), url, channel });
    return channel;
  });
  node.transport.start(node);
  return { node, dials };
}

function accepter(clock: ManualClock, id = 2n, settings: NodeSettings = {}): TestNode<PeerMesh> {
  const node = new TestNode<PeerMesh>(id);
  node.transport = new PeerMesh(node.options(clock, settings), null);
  node.transport.start(node);
  return node;
}

function joined(clock: ManualClock) {
  const { node: a } = dialler(clock);
  const b = accepter(clock);
  const [atA, atB] = MemoryChannel.pair(clock);
  a.transport.connect(atA, 2n);
  b.transport.accept(atB);
  clock.settle();
  assertEquals([a.connected, b.connected], [[2n], [1n]]);
  return { a, b, atA, atB };
}

Deno.test("PeerMesh dials at once, then with doubling delays and jitter, each URL in turn", () => {
  const clock = new ManualClock();
  const { node, dials } = dialler(clock);
  node.transport.setPeers([PEER]);
  for (let ms = 0; ms < 12_000; ms++) {
    dials.at(-1)?.channel.breakOff(1006, "refused");
    clock.advance(1);
  }
  const gaps = dials.slice(1).map(({ atMs }, i) => atMs - dials[i].atMs);
  assertLess(gaps[0], 3);
  const bases = [20, 40, 80, 160, 320, 640, 1_000, 1_000];
  bases.forEach((base, i) => {
    assertGreater(gaps[i + 1], base * 0.5 - 1);
    assertLess(gaps[i + 1], base * 1.5 + 3);
  });
  assertEquals(dials.slice(0, 3).map(({ url }) => url), ["http://a", "http://b", "http://a"]);
  assertEquals(node.events.length, 2, "one event for each URL, not for each attempt");
  assertEquals(node.eventsOf("dialFailed")[0].reason, "refused");
});

Deno.test("PeerMesh dials at once again when a connection that lived a while broke", () => {
  const clock = new ManualClock();
  const { node, dials } = dialler(clock);
  node.transport.setPeers([PEER]);
  const { channel } = dials[0];
  const b = accepter(clock);
  const [atA, atB] = MemoryChannel.pair(clock);
  node.transport.connect(atA, 2n); // Takes the place of the dialled channel, which never opened.
  b.transport.accept(atB);
  clock.advance(1_500);
  assertEquals(channel.closedWith?.code, CloseCode.Replaced);
  atA.breakOff();
  clock.advance(0);
  assertEquals(dials.length, 2);
  assertEquals(dials[1].atMs, 1_500);
});

Deno.test("PeerMesh waits longer before it dials who refused it, or what is no URL", () => {
  const clock = new ManualClock();
  const { node, dials } = dialler(clock);
  node.transport.setPeers([PEER, { id: 3n, urls: ["broken"] }]);
  dials[0].channel.breakOff(CloseCode.RemovedMember, "removed\nby hand");
  clock.advance(499);
  assertEquals(dials.length, 1);
  clock.advance(1_100);
  assertEquals(dials.length, 2);
  const [refusedBy] = node.eventsOf("refusedBy");
  assertEquals([refusedBy.peer, refusedBy.reason], [2n, "removed?by hand"]);
  assertEquals(node.eventsOf("dialFailed").map(({ peer }) => peer), [3n]);
});

Deno.test("PeerMesh never dials without URLs, nor without a way to, and stops when it closes", async () => {
  const clock = new ManualClock();
  const { node, dials } = dialler(clock);
  node.transport.setPeers([{ id: 2n, urls: [] }, { id: 1n, urls: ["http://self"] }]);
  clock.advance(5_000);
  assertEquals(dials.length, 0);
  node.transport.setPeers([PEER]);
  assertEquals(dials.length, 1);
  const passive = accepter(clock, 9n);
  passive.transport.setPeers([PEER]);
  const closed = Promise.all([node.transport.close(), passive.transport.close()]);
  clock.advance(5_000);
  await closed;
  assertEquals(dials.length, 1);
  assertEquals(clock.timers, 0);
});

Deno.test("PeerMesh gives up a dial or a stranger without a hello in time", () => {
  const clock = new ManualClock();
  const { node, dials } = dialler(clock);
  node.transport.setPeers([PEER]);
  const [mine] = MemoryChannel.pair(clock);
  node.transport.accept(mine);
  clock.advance(4_900);
  assertEquals([mine.closedWith, dials[0].channel.closedWith], [null, null]);
  clock.advance(400);
  assertEquals(mine.closedWith?.code, CloseCode.HelloTimeout);
  assertEquals(dials[0].channel.closedWith?.code, CloseCode.HelloTimeout);
  assertEquals(node.eventsOf("strangerClosed").length, 1);
  assertEquals(node.eventsOf("dialFailed")[0].reason, "no hello within 5000 ms");
});

Deno.test("PeerMesh keeps an idle connection alive with pings", () => {
  const clock = new ManualClock();
  const { a, b, atA } = joined(clock);
  clock.advance(60_000);
  assertEquals([a.disconnected, b.disconnected], [[], []]);
  assertLess(atA.sent.length, 70);
});

Deno.test("PeerMesh counts the bytes of peers that it let in, alike at both ends", () => {
  const clock = new ManualClock();
  const { a, b, atB } = joined(clock);
  const [atFirst, began] = [b.traffic.sentBytes, atB.sent.length];
  b.transport.send(1n, [forward(3)]);
  clock.settle();
  const frameBytes = atB.sent[began].length;
  assertEquals(b.traffic.sentBytes - atFirst, frameBytes);
  assertGreater(frameBytes, 0);
  assertEquals(a.traffic.receivedBytes, b.traffic.sentBytes);
});

Deno.test("PeerMesh ends a connection that has gone silent, at both ends", () => {
  const clock = new ManualClock();
  const { a, b, atA, atB } = joined(clock);
  clock.advance(2_000);
  atA.isCut = atB.isCut = true;
  clock.advance(4_000);
  assertEquals([a.disconnected, b.disconnected], [[], []]);
  clock.advance(2_500);
  assertEquals([a.disconnected, b.disconnected], [[2n], [1n]]);
  assertEquals(a.eventsOf("disconnected")[0].code, CloseCode.Silent);
});

Deno.test("PeerMesh does not blame its peers for a pause of its own", () => {
  const clock = new ManualClock();
  const { a, b } = joined(clock);
  clock.sleep(3_600_000);
  clock.advance(10_000);
  assertEquals([a.disconnected, b.disconnected], [[], []]);
});

Deno.test("PeerMesh holds back what the channel has no room for, then sends it", () => {
  const clock = new ManualClock();
  const { a, b, atA } = joined(clock);
  atA.bufferedBytes = 3_000_000;
  for (let i = 0; i < 30; i++) a.transport.send(2n, [forward(1_000_000, i)]);
  clock.advance(1_000);
  assertEquals(b.messages.length, 0);
  assertEquals(a.eventsOf("dropping").length, 1);
  assertLess(a.eventsOf("dropping")[0].queuedBytes, PEER_QUEUE_BYTES_MAX);
  atA.bufferedBytes = 0;
  clock.advance(10);
  assertEquals(b.messages.length, 16);
});

Deno.test("PeerMesh sends on what the peer dialled, and else on what it dialled itself", () => {
  const clock = new ManualClock();
  const { a, b, atA, atB } = joined(clock);
  const [otherAtB, otherAtA] = MemoryChannel.pair(clock);
  b.transport.connect(otherAtB, 1n);
  a.transport.accept(otherAtA);
  clock.settle();
  const sent = () => [atA, atB, otherAtA, otherAtB].map(({ sent }) => sent.length);
  const before = sent();
  a.transport.send(2n, [forward(1)]);
  clock.settle();
  b.transport.send(1n, [forward(1)]);
  clock.settle();
  assertEquals(sent().map((count, i) => count - before[i]), [0, 1, 1, 0]);
  otherAtA.breakOff();
  otherAtB.breakOff();
  clock.settle();
  a.transport.send(2n, [forward(2)]);
  clock.settle();
  assertEquals([a.connected, a.disconnected, b.messages.length], [[2n], [], 2]);
});

Deno.test("PeerMesh closes on garbage, on huge frames and on messages of somebody else", () => {
  const hello = encodeHello(identityOf(1n), 2n);
  const ping = new Uint8Array([0x9d, 0x46, 0x60, 0x75, 3, 1]);
  const cases: [string, number, Uint8Array[]][] = [
    ["nothing", CloseCode.Malformed, [new Uint8Array()]],
    ["garbage", CloseCode.Malformed, [new Uint8Array(50).fill(7)]],
    ["no hello", CloseCode.Malformed, [encodeMessagesFrame(1n, 2n, [])]],
    ["two hellos", CloseCode.Malformed, [hello, hello]],
    ["huge", CloseCode.FrameTooLarge, [hello, new Uint8Array(PEER_FRAME_BYTES_MAX + 1)]],
    ["huge hello", CloseCode.FrameTooLarge, [new Uint8Array(PEER_FRAME_BYTES_MAX + 1)]],
    ["not from", CloseCode.Malformed, [hello, encodeMessagesFrame(3n, 2n, [])]],
    ["not for", CloseCode.Malformed, [hello, encodeMessagesFrame(1n, 3n, [])]],
    ["damaged", CloseCode.Malformed, [hello, encodeMessagesFrame(1n, 2n, []).fill(9, 8, 9)]],
    ["wrong checksum", CloseCode.Malformed, [hello, ping]],
  ];
  for (const [what, code, frames] of cases) {
    const clock = new ManualClock();
    const node = accepter(clock);
    const [mine] = MemoryChannel.pair(clock);
    node.transport.accept(mine);
    clock.settle();
    for (const frame of frames) mine.receive(frame);
    clock.settle();
    assertEquals(mine.closedWith?.code, code, what);
    assertEquals(node.messages, [], what);
  }
});

Deno.test("PeerMesh lets no flood of strangers in the way of an honest peer", async () => {
  const clock = new ManualClock();
  const node = accepter(clock);
  const strangers: MemoryChannel[] = [];
  const flood = (count: number) => {
    for (let i = 0; i < count; i++) {
      const [mine] = MemoryChannel.pair(clock);
      strangers.push(mine);
      node.transport.accept(mine);
    }
  };
  flood(STRANGER_CONNECTIONS_MAX + 10);
  clock.settle();
  assertEquals(strangers.filter(({ closedWith }) => closedWith).length, 10);
  assertEquals(strangers.findIndex(({ closedWith }) => !closedWith), 10);
  const { node: honest } = dialler(clock, 1n);
  const [theirs, ours] = MemoryChannel.pair(clock);
  honest.transport.connect(theirs, 2n);
  node.transport.accept(ours);
  clock.settle();
  flood(1_000);
  clock.settle();
  assertEquals(node.connected, [1n]);
  assert(!node.transport.isFull);
  assertLess(node.events.length, 300);
  const closed = node.transport.close();
  clock.settle();
  await closed;
  assert(strangers.every(({ closedWith }) => closedWith));
});

Deno.test("PeerMesh takes no connection before it is started", () => {
  const clock = new ManualClock();
  const node = new TestNode<PeerMesh>(1n);
  node.transport = new PeerMesh(node.options(clock), null);
  assert(node.transport.isFull);
  const [mine] = MemoryChannel.pair(clock);
  node.transport.accept(mine);
  assertEquals(mine.closedWith?.code, CloseCode.TooMany);
  node.transport.start(node);
  assert(!node.transport.isFull);
});

Deno.test("PeerMesh is full when closed connections do not go away", () => {
  const clock = new ManualClock();
  const node = accepter(clock);
  const stuck: MemoryChannel[] = [];
  for (let i = 0; i < CONNECTIONS_MAX + 1; i++) {
    const channel = new MemoryChannel(clock);
    channel.breakOff = () => {};
    stuck.push(channel);
    node.transport.accept(channel);
  }
  assert(node.transport.isFull);
  assertEquals(stuck.at(-1)?.closedWith?.reason, "no connections are taken now");
});
