import { assertEquals } from "@std/assert";
import { Http1Server } from "../../src/server/http1_server.ts";
import { LEFT_MS, REQUEST_HEAD_MS } from "../../src/server/joined_connection.ts";
import { ManualClock } from "../transport/manual_clock.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("Http1Server serves the connections that it is given and nobody else", async () => {
  const clock = new ManualClock();
  const server = new Http1Server(
    (request) => Promise.resolve(new Response(new URL(request.url).pathname)),
    clock,
  );
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const serving = server.take(
    await listener.accept(),
    new TextEncoder().encode("GET /first HTTP/1.1\r\nhost: kvorum\r\n"),
  );
  await client.write(new TextEncoder().encode("connection: close\r\n\r\n"));
  const answer = await new Response(client.readable).text();
  assertEquals(answer.slice(-6), "/first");
  await serving;

  const stranger = await fetch(`http://127.0.0.1:${server.port}/`);
  assertEquals(stranger.status, 403);
  await stranger.body?.cancel();
  await server.shutdown(1_000);
  assertEquals(clock.timers, 0);
});

/** A client that has begun to speak to a server whose handler waits for a body that never ends. */
async function begin(clock: ManualClock, said: string) {
  const asked = Promise.withResolvers<void>();
  const server = new Http1Server(async (request) => {
    asked.resolve();
    await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    return new Response("late");
  }, clock);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const serving = server.take(await listener.accept(), ascii(said));
  return { server, client, serving, asked: asked.promise };
}

Deno.test("Http1Server ends a connection whose request does not get past its head", async () => {
  const clock = new ManualClock();
  const { server, client, serving } = await begin(clock, "GET / HTTP/1.1\r\nhost: kv");
  using _ = client;
  await timersOf(clock);
  clock.advance(REQUEST_HEAD_MS - 1_000);
  assertEquals(clock.timers, 1);
  clock.advance(1_000);
  assertEquals(await client.read(new Uint8Array(10)), null);
  await serving;
  await server.shutdown(1_000);
});

Deno.test("Http1Server lets a request take its time, and ends it soon when its client leaves", async () => {
  const clock = new ManualClock();
  const request = "POST / HTTP/1.1\r\nhost: kvorum\r\ncontent-length: 9\r\n\r\n123";
  const { server, client, serving, asked } = await begin(clock, request);
  using _ = client;
  await asked;
  clock.advance(100 * REQUEST_HEAD_MS);
  assertEquals(clock.timers, 1);
  await client.closeWrite();
  // Deno's server may end it first; what counts is that it ends.
  const ended = serving.then(() => true);
  const step = () => new Promise<false>((resolve) => setTimeout(resolve, 0, false));
  while (!await Promise.race([ended, step()])) clock.advance(LEFT_MS);
  assertEquals(clock.timers, 0);
  await server.shutdown(1_000);
});

/** Waits until the connection is joined, which starts a timer. */
async function timersOf(clock: ManualClock): Promise<void> {
  while (clock.timers === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
