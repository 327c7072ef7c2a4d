import { assert, assertEquals } from "@std/assert";
import { FrameType } from "../../src/http2/frame.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { SettingId } from "../../src/http2/settings.ts";
import { ascii, GET, POST, RawClient, resetCode, setting, uint32 } from "./raw_client.ts";

const { DATA, HEADERS, RST_STREAM, WINDOW_UPDATE } = FrameType;

Deno.test("FetchExchange hands over method, address, headers and data", async () => {
  let seen: unknown;
  await using client = await RawClient.open({
    fetch: async (request) => {
      const { method, url, headers } = request;
      seen = [method, url, Object.fromEntries(headers), await request.text()];
      return new Response("made", { status: 201, headers: { "x-b": "2", connection: "close" } });
    },
  });
  const fields = [...POST, ["x-a", "1"], ["cookie", "a=1"], ["cookie", "b=2"]] as const;
  client.headers(1, fields, false);
  client.data(1, ascii("hello "), false);
  client.data(1, ascii("world"), true);
  assertEquals((await client.nextOf(HEADERS)).fields, [
    ":status: 201",
    "content-type: text/plain;charset=UTF-8",
    "x-b: 2",
  ]);
  assertEquals((await client.nextOf(DATA)).payload, ascii("made"));
  const headers = { cookie: "a=1; b=2", host: "kvorum.test", "x-a": "1" };
  assertEquals(seen, ["POST", "http://kvorum.test/", headers, "hello world"]);
});

Deno.test("FetchExchange streams both ways, and stops whom nobody reads", async () => {
  await using client = await RawClient.open({
    limits: { streamQueueBytesMax: 1_000 },
    fetch: (request) => new Response(request.body),
  });
  client.frame(FrameType.SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0));
  client.headers(1, POST, false);
  for (let i = 0; i < 4; i++) client.data(1, new Uint8Array(16_000).fill(i), false);
  await client.nextOf(HEADERS);
  const updates = (await client.settled()).filter(({ type, id }) =>
    type === WINDOW_UPDATE && id === 1
  );
  assertEquals(updates, []);
  client.widen(1, 1_000_000);
  client.data(1, new Uint8Array(), true);
  const bytes: number[] = [];
  for (;;) {
    const { payload, flags } = await client.nextOf(DATA);
    bytes.push(...payload);
    if (flags === 1) break;
  }
  assertEquals([bytes.length, bytes[0], bytes[63_999]], [64_000, 0, 3]);
});

Deno.test("FetchExchange gives back the window of a body that nobody reads", async () => {
  await using client = await RawClient.open({ fetch: () => new Promise(() => {}) });
  client.headers(1, POST, false);
  for (let i = 0; i < 3; i++) client.data(1, new Uint8Array(16_000), false);
  const before = await client.settled();
  assertEquals(before.filter(({ id }) => id === 1), []);
  await using reading = await RawClient.open({
    fetch: async (request) => {
      await request.body?.cancel();
      return await new Promise(() => {});
    },
  });
  reading.headers(1, POST, false);
  for (let i = 0; i < 3; i++) reading.data(1, new Uint8Array(16_000), false);
  const update = await reading.nextOf(WINDOW_UPDATE);
  assertEquals([update.id, update.payload], [1, uint32(48_000)]);
});

Deno.test("FetchExchange tells its handler when the client goes", async () => {
  const outcomes: string[] = [];
  await using client = await RawClient.open({
    fetch: async (request) => {
      request.signal.onabort = () => outcomes.push("aborted");
      await request.text().catch((error: Error) => outcomes.push(error.name));
      return new Response("late");
    },
  });
  client.headers(1, POST, false);
  client.data(1, ascii("part"), false);
  await client.settled();
  client.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  await client.settled();
  assertEquals(outcomes.sort(), ["AbortError", "aborted"]);
  assertEquals(client.events, []);
});

Deno.test("FetchExchange does not take a client that goes amid an echo for a fault", async () => {
  await using client = await RawClient.open({ fetch: (request) => new Response(request.body) });
  client.headers(1, POST, false);
  client.data(1, ascii("part"), false);
  await client.nextOf(DATA);
  client.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  await client.settled();
  await client.settled();
  assertEquals(client.events, []);
});

Deno.test("FetchExchange stops reading an answer whose client has gone", async () => {
  let cancelled: unknown = null;
  await using client = await RawClient.open({
    limits: { streamQueueBytesMax: 100 },
    fetch: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(50)),
          cancel: (reason) => {
            cancelled = reason;
          },
        }),
      ),
  });
  client.frame(FrameType.SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 10));
  client.headers(1, GET, true);
  await client.nextOf(DATA);
  client.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  await client.settled();
  assert(cancelled instanceof DOMException);
});

Deno.test("FetchExchange answers HEAD without data, and what Request cannot say with 400 or 501", async () => {
  await using client = await RawClient.open({ fetch: () => new Response("body") });
  const of = (...fields: [string, string][]) => [
    ...fields,
    ...GET.filter(([name]) => !fields.some(([each]) => each === name)),
  ];
  const rows: [readonly (readonly [string, string])[], string, number][] = [
    [of([":method", "HEAD"]), ":status: 200", 5],
    [of([":authority", "a b"]), ":status: 400", 5],
    [of([":scheme", "ftp"]), ":status: 400", 5],
    [of([":method", "TRACE"]), ":status: 400", 5],
    [[[":method", "CONNECT"], [":authority", "a:1"]], ":status: 501", 5],
  ];
  let id = 1;
  for (const [fields, status, flags] of rows) {
    client.headers(id, fields, true);
    const head = await client.nextOf(HEADERS);
    assertEquals([head.id, head.fields[0], head.flags], [id, status, flags], status);
    id += 2;
  }
});

Deno.test("FetchExchange answers 500 when its handler throws, and resets if it already began", async () => {
  const failures = [
    () => {
      throw new Error("at once");
    },
    () => Promise.reject(new Error("later")),
  ];
  for (const fetch of failures) {
    await using client = await RawClient.open({ fetch });
    client.headers(1, GET, true);
    assertEquals((await client.nextOf(HEADERS)).fields, [":status: 500"]);
    assertEquals(client.events.map(({ kind }) => kind), ["handler_error"]);
  }
  await using client = await RawClient.open({
    fetch: () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) }),
      ),
  });
  client.headers(1, GET, true);
  assertEquals(resetCode(await client.nextOf(RST_STREAM)), ErrorCode.INTERNAL_ERROR);
});
