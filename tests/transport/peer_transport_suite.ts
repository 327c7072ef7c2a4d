import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { PEER_FRAME_BYTES_MAX, PEER_QUEUE_BYTES_MAX } from "../../src/base/limits.ts";
import { CloseCode } from "../../src/transport/close_code.ts";
import { forward } from "./messages.ts";
import type { NodeSettings, TestNode } from "./test_node.ts";

/** What an adapter gives the suite. */
export interface TransportHarness {
  /** Makes and starts a node. */
  make(id: bigint, settings?: NodeSettings): TestNode;
  /** Lets the first node open connections to the second one, and not the other way round. */
  link(from: TestNode, to: TestNode): void;
  /** Closes all nodes, and what else was opened. */
  close(): Promise<void>;
}

/** What every adapter of `PeerTransport` promises. */
export function peerTransportSuite(name: string, newHarness: () => TransportHarness): void {
  function test(promise: string, run: (harness: TransportHarness) => Promise<void>): void {
    Deno.test(`${name} ${promise}`, async () => {
      const harness = newHarness();
      try {
        await run(harness);
      } finally {
        await harness.close();
      }
    });
  }

  async function pair(harness: TransportHarness): Promise<[TestNode, TestNode]> {
    const [a, b] = [harness.make(1n), harness.make(2n)];
    harness.link(a, b);
    await a.until("a connects", () => a.connected.length > 0);
    await b.until("b connects", () => b.connected.length > 0);
    return [a, b];
  }

  test("delivers in order, both ways, over what one side opened", async (harness) => {
    const [a, b] = await pair(harness);
    for (let i = 0; i < 100; i++) {
      a.transport.send(2n, [forward(3, i)]);
      b.transport.send(1n, [forward(300, i)]);
      if (i % 10 === 0) await Promise.resolve();
    }
    await b.until("b has all", () => b.messages.length === 100);
    await a.until("a has all", () => a.messages.length === 100);
    assertEquals(b.messages, Array.from({ length: 100 }, (_, i) => forward(3, i)));
    assertEquals(a.messages, Array.from({ length: 100 }, (_, i) => forward(300, i)));
    assertEquals([a.batches[0].from, b.batches[0].from], [2n, 1n]);
  });

  test("puts all sends of one turn in one frame", async (harness) => {
    const [a, b] = await pair(harness);
    for (let i = 0; i < 50; i++) a.transport.send(2n, [forward(10, i)]);
    await b.until("b has all", () => b.messages.length === 50);
    assertEquals(b.batches.length, 1);
  });

  test("sends the largest message that a frame takes, and drops a larger one", async (harness) => {
    const [a, b] = await pair(harness);
    const large = new Uint8Array(PEER_FRAME_BYTES_MAX - 100).map((_, i) => i);
    a.transport.send(2n, [{ type: "forward", batch: large }, forward(PEER_FRAME_BYTES_MAX)]);
    a.transport.send(2n, [forward(5)]);
    await b.until("b has both", () => b.messages.length === 2);
    assertEquals(b.messages, [{ type: "forward", batch: large }, forward(5)]);
    assertEquals(a.eventsOf("dropping").length, 1);
    assertEquals(a.disconnected, []);
  });

  test("drops the newest when the queue is full, and says so once", async (harness) => {
    const [a, b] = await pair(harness);
    const chunk = 1_000_000;
    for (let i = 0; i < 100; i++) a.transport.send(2n, [forward(chunk, i)]);
    a.transport.send(2n, [forward(1, 255)]);
    const kept = Math.floor(PEER_QUEUE_BYTES_MAX / chunk);
    await b.until("b has what was kept", () => b.messages.length === kept + 1);
    const firsts = b.messages.map((message) => message.type === "forward" && message.batch[0]);
    assertEquals(firsts, [...Array(kept).keys(), 255]);
    assertGreater(b.batches.length, 1);
    const dropping = a.eventsOf("dropping");
    assertEquals(dropping.length, 1);
    assertLess(dropping[0].queuedBytes, PEER_QUEUE_BYTES_MAX);
  });

  test("never throws and never fails for peers that it does not know", async (harness) => {
    const [a, b] = await pair(harness);
    a.transport.send(77n, [forward(1)]);
    a.transport.send(2n, []);
    a.transport.send(2n, [forward(1)]);
    await b.until("b has it", () => b.messages.length === 1);
  });

  test("refuses the wrong cluster, and tells both sides why", async (harness) => {
    const a = harness.make(1n);
    const b = harness.make(2n, { clusterId: 0xbadn });
    harness.link(a, b);
    const [refusedBy, refused] = [await a.event("refusedBy"), await b.event("refused")];
    assertEquals([refused.code, refusedBy.code], [CloseCode.WrongCluster, CloseCode.WrongCluster]);
    assertEquals(refused.reason, refusedBy.reason);
    assertMatch(refused.reason, /^cluster ID mismatch: peer has c0ffee, not bad; check --initial/);
    assertEquals([refused.peer, refusedBy.peer], [1n, 2n]);
    assertEquals([a.connected, b.connected], [[], []]);
  });

  test("lets both ends refuse a member", async (harness) => {
    const reason = "member 2 was removed";
    const refuseTwo = () => ({ code: CloseCode.RemovedMember, reason });
    const [one, two] = [harness.make(1n, { admit: refuseTwo }), harness.make(2n)];
    harness.link(one, two);
    harness.link(two, one);
    assertEquals((await one.event("refused")).reason, reason);
    assertEquals((await two.event("refusedBy")).reason, reason);
    assertEquals([one.connected, two.connected], [[], []]);
  });

  test("closes the connections to a removed peer after its last messages", async (harness) => {
    const [a, b] = await pair(harness);
    a.transport.send(2n, [forward(9)]);
    a.transport.setPeers([]);
    const { code } = await b.event("refusedBy");
    assertEquals(code, CloseCode.RemovedMember);
    assertEquals(b.messages, [forward(9)]);
    assertEquals([a.disconnected, b.disconnected], [[2n], [1n]]);
  });

  test("survives a listener that throws, and reports it", async (harness) => {
    const [a, b] = await pair(harness);
    b.failure = new Error("listener");
    a.transport.send(2n, [forward(1)]);
    const { error } = await b.event("listenerFailed");
    assert(error === b.failure);
    b.failure = null;
    a.transport.send(2n, [forward(2)]);
    await b.until("b has the second", () => b.messages.length === 2);
    assertEquals(a.disconnected, []);
  });

  test("tells the other side that it closes, and nothing to its own afterwards", async (harness) => {
    const [a, b] = await pair(harness);
    a.transport.send(2n, [forward(1)]);
    const [closed, closedAgain] = [a.transport.close(), a.transport.close()];
    await Promise.all([closed, closedAgain]);
    const { code, reason } = await b.event("disconnected");
    assertEquals([code, reason], [CloseCode.Closing, "the replica is closing"]);
    assertEquals(b.messages, [forward(1)]);
    assertEquals(a.disconnected, []);
    a.transport.send(2n, [forward(1)]);
    a.transport.setPeers([]);
  });

  test("connects again under the same identity, and the newest connection wins", async (harness) => {
    const [a, b] = await pair(harness);
    await a.transport.close();
    await b.until("b loses a", () => b.disconnected.length === 1);
    const again = harness.make(1n);
    harness.link(again, b);
    await b.until("b has a again", () => b.connected.length === 2);
    const twin = harness.make(1n);
    harness.link(twin, b);
    const { code } = await again.event("disconnected");
    assertEquals(code, CloseCode.Replaced);
    assertEquals(b.disconnected.length, 1);
  });
}
