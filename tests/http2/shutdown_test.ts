import { assert, assertEquals } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { GET, goaway, RawClient, resetCode } from "./raw_client.ts";

const { GOAWAY, PING, HEADERS, RST_STREAM } = FrameType;

Deno.test("Http2Served.shutdown() lets open requests end, refuses later ones and closes", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const client = await RawClient.open({ fetch: () => promise });
  client.headers(1, GET, true);
  await client.settled();
  const done = client.served.shutdown();
  assertEquals(goaway(await client.nextOf(GOAWAY)).last, 0x7fff_ffff);
  const ping = await client.nextOf(PING);
  // A request that crossed the first goodbye is still taken.
  client.headers(3, GET, true);
  client.frame(PING, Flag.ACK, 0, ping.payload);
  assertEquals(goaway(await client.nextOf(GOAWAY)), { last: 3, code: 0, reason: "" });
  client.headers(5, GET, true);
  const refused = await client.nextOf(RST_STREAM);
  assertEquals([refused.id, resetCode(refused)], [5, ErrorCode.REFUSED_STREAM]);
  resolve(new Response(null));
  assertEquals((await client.nextOf(HEADERS)).id, 1);
  client.clock.advance(500);
  await done;
  assertEquals(client.clock.timers, 0);
});

Deno.test("Http2Served.shutdown() closes an idle connection after one round trip", async () => {
  const client = await RawClient.open();
  const done = client.served.shutdown();
  client.frame(PING, Flag.ACK, 0, (await client.nextOf(PING)).payload);
  await client.nextOf(GOAWAY);
  client.pipe.push(null);
  await done;
  assertEquals(client.clock.timers, 0);
});

Deno.test("Http2Served.shutdown() cancels what runs on after drainMs", async () => {
  let aborted = false;
  const client = await RawClient.open({
    limits: { drainMs: 1_000 },
    fetch: (request) => {
      request.signal.onabort = () => aborted = true;
      return new Promise(() => {});
    },
  });
  client.headers(1, GET, true);
  await client.settled();
  const done = client.served.shutdown();
  client.clock.advance(999);
  await client.settled();
  assert(!aborted);
  client.clock.advance(1);
  assert(aborted);
  await client.nextOf(GOAWAY);
  client.clock.advance(1_000);
  await done;
  assertEquals(client.clock.timers, 0);
});

Deno.test("Http2Served.close() cancels at once and closes after a goodbye", async () => {
  const client = await RawClient.open({ fetch: () => new Promise(() => {}) });
  client.headers(1, GET, true);
  await client.settled();
  client.served.close();
  client.served.close();
  assertEquals(goaway(await client.nextOf(GOAWAY)).last, 1);
  client.clock.advance(500);
  assertEquals(await client.next(), null);
  await client.served.closed;
  await client.served.shutdown();
  assertEquals(client.clock.timers, 0);
});

Deno.test("Http2Served.close() does not wait for a client that does not read", async () => {
  const client = await RawClient.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  client.pipe.stalled = promise;
  client.headers(1, GET, true);
  while (client.pipe.unread > 0) await Promise.resolve();
  client.served.close();
  for (let i = 0; i < 50; i++) await Promise.resolve();
  client.clock.advance(500);
  await client.served.closed;
  assertEquals(client.clock.timers, 0);
  resolve();
});
