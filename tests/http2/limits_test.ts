import { assert, assertEquals } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { SettingId } from "../../src/http2/settings.ts";
import {
  ascii,
  frameBytes,
  GET,
  goaway,
  POST,
  RawClient,
  resetCode,
  setting,
  uint32,
} from "./raw_client.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION } = FrameType;
const CALM = ErrorCode.ENHANCE_YOUR_CALM;

/** A request that is never answered. */
const never = () => new Promise<Response>(() => {});

const FLOODS: [string, string, (client: RawClient, i: number) => void][] = [
  ["settings", "too many SETTINGS", (c) => c.frame(SETTINGS, 0, 0)],
  ["acknowledgements", "too many PING", (c) => c.frame(PING, Flag.ACK, 0, new Uint8Array(8))],
  ["priorities", "too many PRIORITY", (c) => c.frame(PRIORITY, 0, 1, new Uint8Array(5))],
  ["unknown frames", "too many unknown frames", (c) => c.frame(0x77, 0, 0)],
  ["small windows", "too many tiny WINDOW_UPDATE", (c) => c.widen(0, 1)],
  ["rapid resets", "too many RST_STREAM", (c, i) => {
    c.headers(2 * i + 1, GET, true);
    c.frame(RST_STREAM, 0, 2 * i + 1, uint32(ErrorCode.CANCEL));
  }],
  ["empty data", "too many empty DATA", (c, i) => {
    if (i === 0) c.headers(1, POST, false);
    c.data(1, new Uint8Array(), false);
  }],
  [
    "malformed requests",
    "too many malformed requests",
    (c, i) => c.headers(2 * i + 1, GET.slice(1), true),
  ],
  ["data on closed streams", "too many frames on closed streams", (c, i) => {
    if (i === 0) {
      c.headers(1, POST, false);
      c.widen(1, 0);
    }
    c.data(1, new Uint8Array(1), false);
  }],
];

for (const [name, reason, send] of FLOODS) {
  Deno.test(`FloodGuard ends a connection that sends ${name} and nothing else`, async () => {
    await using client = await RawClient.open({
      limits: { floodBurst: 10, floodPerSecond: 5 },
      fetch: never,
    });
    for (let i = 0; i < 12; i++) send(client, i);
    const { code, reason: told } = goaway(await client.nextOf(GOAWAY));
    assertEquals([code, told], [CALM, reason]);
  });
}

Deno.test("FloodGuard allows as much again when time has passed", async () => {
  await using client = await RawClient.open({ limits: { floodBurst: 10, floodPerSecond: 5 } });
  // The greeting was the first.
  for (let i = 0; i < 9; i++) client.frame(SETTINGS, 0, 0);
  await client.nextOf(SETTINGS);
  for (let round = 0; round < 5; round++) {
    client.clock.sleep(1_000);
    for (let i = 0; i < 5; i++) client.frame(SETTINGS, 0, 0);
    for (let i = 0; i < 5; i++) await client.nextOf(SETTINGS);
  }
  assertEquals(client.events, []);
});

Deno.test("Http2Limits bounds a header block in bytes and in frames", async () => {
  for (const [count, size] of [[5, 10], [3, 600]]) {
    await using client = await RawClient.open({
      limits: { headerBlockBytesMax: 1_000, continuationsMax: 4 },
    });
    client.frame(HEADERS, 0, 1, new Uint8Array(10));
    for (let i = 0; i < count; i++) client.frame(CONTINUATION, 0, 1, new Uint8Array(size));
    assertEquals(goaway(await client.nextOf(GOAWAY)).code, CALM);
  }
});

Deno.test("Http2Limits.headerListBytesMax is announced, and answered with 431 when passed", async () => {
  await using client = await RawClient.open({ limits: { headerListBytesMax: 400 } });
  const long = "x".repeat(100);
  client.headers(1, [...GET, ["x-a", long], ["x-b", long]], true);
  assertEquals((await client.nextOf(HEADERS)).fields, [":status: 431"]);
  client.headers(3, [...GET, ["x-a", long]], true);
  assertEquals((await client.nextOf(HEADERS)).fields[0], ":status: 200");
});

Deno.test("Http2Limits.streamsMax refuses one stream more than announced", async () => {
  await using client = await RawClient.open({ limits: { streamsMax: 3 }, fetch: never });
  for (const id of [1, 3, 5, 7]) client.headers(id, GET, true);
  const reset = await client.nextOf(RST_STREAM);
  assertEquals([reset.id, resetCode(reset)], [7, ErrorCode.REFUSED_STREAM]);
});

Deno.test("Http2Limits.queueBytesMax refuses requests while answers wait for windows", async () => {
  await using client = await RawClient.open({
    limits: { queueBytesMax: 150, streamQueueBytesMax: 100 },
    fetch: () => new Response("x".repeat(100)),
  });
  client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0));
  client.headers(1, GET, true);
  client.headers(3, GET, true);
  await client.nextOf(HEADERS);
  await client.nextOf(HEADERS);
  await client.settled();
  client.headers(5, GET, true);
  assertEquals(resetCode(await client.nextOf(RST_STREAM)), ErrorCode.REFUSED_STREAM);
  client.widen(1, 1_000);
  await client.nextOf(DATA);
  client.headers(7, GET, true);
  assertEquals((await client.nextOf(HEADERS)).id, 7);
});

Deno.test("Http2Limits.outputBytesMax stops reading from a client that does not read", async () => {
  await using client = await RawClient.open({ limits: { outputBytesMax: 1_000 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  client.pipe.stalled = promise;
  const ping = frameBytes(PING, 0, 0, new Uint8Array(8));
  // Answers keep the pings excused.
  for (let i = 0; i < 200; i++) {
    client.headers(2 * i + 1, GET, true);
    client.send(ping);
  }
  for (let i = 0; i < 2_000; i++) await Promise.resolve();
  const { unread } = client.pipe;
  assert(unread > 100, `${unread} chunks are unread`);
  client.pipe.stalled = null;
  resolve();
  for (let i = 0; i < 200; i++) await client.nextOf(PING);
});

Deno.test("Http2Limits.writeStallMs gives up a client that reads nothing at all", async () => {
  const client = await RawClient.open({ limits: { writeStallMs: 1_000 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  client.pipe.stalled = promise;
  client.headers(1, GET, true);
  client.headers(3, GET, true);
  for (let i = 0; i < 100; i++) await Promise.resolve();
  client.clock.advance(1_000);
  await client.served.closed;
  assertEquals(client.clock.timers, 0);
  assert(client.events.some((event) => "message" in event && event.message.includes("not read")));
  resolve();
});

Deno.test("Http2Limits.handshakeMs gives up a client that says nothing", async () => {
  for (const start of ["", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
    const client = new RawClient({ limits: { handshakeMs: 1_000 } });
    client.send(ascii(start));
    await client.nextOf(SETTINGS);
    client.clock.advance(1_000);
    assertEquals(goaway(await client.nextOf(GOAWAY)).code, ErrorCode.SETTINGS_TIMEOUT);
    client.clock.advance(1_000);
    await client.served.closed;
    assertEquals(client.clock.timers, 0);
  }
});

Deno.test("Http2Limits.connectionWindowBytes is all that a client may send unasked", async () => {
  await using client = await RawClient.open({ limits: { connectionWindowBytes: 70_000 } });
  let sent = 0;
  let given = 0;
  client.headers(1, POST, false);
  for (let id = 1; id < 11; id += 2) {
    if (id > 1) client.headers(id, POST, false);
    client.data(id, new Uint8Array(16_000), false);
    sent += 16_000;
    for (const frame of await client.settled()) {
      if (frame.type === FrameType.WINDOW_UPDATE && frame.id === 0) {
        given += new DataView(frame.payload.buffer).getUint32(0);
      }
    }
  }
  assert(given <= sent && sent - given < 35_000, `${given} of ${sent}`);
});

Deno.test("a stream resets a client that sends more than its window", async () => {
  await using client = await RawClient.open({ fetch: never });
  client.headers(1, POST, false);
  for (let i = 0; i < 5; i++) client.data(1, new Uint8Array(16_000), false);
  const reset = await client.nextOf(RST_STREAM);
  assertEquals(resetCode(reset), ErrorCode.FLOW_CONTROL_ERROR);
});
