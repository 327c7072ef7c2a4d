import { assertEquals } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { GET, goaway, RawClient, type ServerOptions } from "./raw_client.ts";

const { GOAWAY, PING, HEADERS } = FrameType;
const EIGHT = new Uint8Array([8, 7, 6, 5, 4, 3, 2, 1]);

/** Pings `times`, each `afterMs` after the one before; the reason if the server had enough. */
async function ping(client: RawClient, times: number, afterMs: number): Promise<string | null> {
  for (let i = 0; i < times; i++) {
    client.clock.sleep(afterMs);
    client.frame(PING, 0, 0, EIGHT);
    const frame = await client.next();
    if (frame?.type !== PING || frame.payload.join() !== EIGHT.join()) return "no echo";
    // The sign that it was one too many follows its answer at once.
    const last = client.events.at(-1);
    if (last?.kind === "connection_error") return goaway(await client.nextOf(GOAWAY)).reason;
  }
  return null;
}

/** A connection with a request that is not answered yet. */
async function withStream(options: ServerOptions = {}): Promise<RawClient> {
  const client = await RawClient.open({ fetch: () => new Promise(() => {}), ...options });
  client.headers(1, GET, true);
  return client;
}

Deno.test("Keepalive ends a connection that pings more often than every 5 s", async () => {
  await using client = await withStream();
  assertEquals(await ping(client, 4, 4_999), "too_many_pings");
  assertEquals(client.events[0], {
    kind: "connection_error",
    code: ErrorCode.ENHANCE_YOUR_CALM,
    message: "too_many_pings",
  });
});

Deno.test("Keepalive bears pings that come every 5 s, and two strikes", async () => {
  await using client = await withStream();
  assertEquals(await ping(client, 20, 5_000), null);
  assertEquals(await ping(client, 2, 100), null);
  // What was sent in between wipes them out.
  client.headers(3, [[":method", "CONNECT"], [":authority", "a:1"]], true);
  await client.nextOf(HEADERS);
  assertEquals(await ping(client, 3, 100), null);
  assertEquals(await ping(client, 1, 100), "too_many_pings");
});

Deno.test("Keepalive ends a connection that pings without a stream", async () => {
  await using client = await RawClient.open();
  assertEquals(await ping(client, 4, 60_000), "too_many_pings");
  await using permitted = await RawClient.open({ limits: { permitPingWithoutStream: true } });
  assertEquals(await ping(permitted, 10, 60_000), null);
});

Deno.test("Keepalive excuses pings after which something was sent", async () => {
  await using client = await RawClient.open();
  for (let id = 1; id < 21; id += 2) {
    assertEquals(await ping(client, 1, 0), null);
    client.headers(id, GET, true);
    await client.nextOf(HEADERS);
    while ((await client.nextOf(FrameType.DATA)).flags !== Flag.END_STREAM);
  }
});

Deno.test("Keepalive pings a silent client and gives it up if it stays silent", async () => {
  const client = await RawClient.open({ limits: { pingIntervalMs: 1_000, pingTimeoutMs: 200 } });
  // The greeting was a sign of life.
  client.clock.advance(1_000);
  for (let round = 0; round < 3; round++) {
    client.clock.advance(1_000);
    assertEquals((await client.nextOf(PING)).flags, 0);
    client.clock.advance(199);
    client.frame(PING, Flag.ACK, 0, new Uint8Array(8));
    while (client.pipe.unread > 0) await Promise.resolve();
    await Promise.resolve();
    client.clock.advance(1);
  }
  client.clock.advance(1_000);
  await client.nextOf(PING);
  client.clock.advance(200);
  const { code, reason } = goaway(await client.nextOf(GOAWAY));
  assertEquals([code, reason.includes("silent")], [ErrorCode.NO_ERROR, true]);
  client.clock.advance(1_000);
  await client.served.closed;
  assertEquals(client.clock.timers, 0);
});
