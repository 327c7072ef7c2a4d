/** Requests that begin and do not end: how long they are waited for, and what they may hold. */
import { assertEquals } from "@std/assert";
import { ByteBudget } from "../../src/base/byte_budget.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { FrameType } from "../../src/http2/frame.ts";
import type { GrpcHandler } from "../../src/http2/grpc/handler.ts";
import { answerOf, call, callFields, grpcClient, message } from "./grpc/grpc_client.ts";
import { ascii, POST, RawClient, resetCode } from "./raw_client.ts";

const { HEADERS, RST_STREAM, DATA } = FrameType;
const echo: GrpcHandler = { kind: "unary", handle: (request) => request };
const LATE = ["grpc-status: 4", "grpc-message: grpc: a message was not whole in time"];
const limits = { unfinishedMs: 1_000 };

Deno.test("UnaryExchange gives up a request that does not end", async () => {
  // Cut in the message, or after it and before the end.
  for (const said of [message("hello").subarray(0, 7), message("hello")]) {
    await using client = await grpcClient(echo, { limits });
    client.headers(1, callFields("/t.T/M"), false);
    client.data(1, said, false);
    await client.settled();
    client.clock.advance(999);
    assertEquals(await client.settled(), []);
    client.clock.advance(1);
    assertEquals((await answerOf(client, 1)).trailers.slice(-2), LATE);
    assertEquals((await call(client, 3, "again")).data, message("again"));
    client.clock.advance(10_000);
  }
});

Deno.test("StreamExchange gives up a message that does not end, and waits for ever between two", async () => {
  const told: string[] = [];
  await using client = await grpcClient({
    kind: "stream",
    async handle(call) {
      for await (const bytes of call) told.push(new TextDecoder().decode(bytes));
    },
  }, { limits });
  client.headers(1, callFields("/t.T/M"), false);
  for (const said of ["one", "two"]) {
    client.clock.advance(50_000);
    const bytes = message(said);
    client.data(1, bytes.subarray(0, 6), false);
    await client.settled();
    client.clock.advance(900);
    // The time begins anew with each message.
    client.data(1, bytes.subarray(6), false);
    while (!told.includes(said)) await Promise.resolve();
  }
  assertEquals(told, ["one", "two"]);
  client.data(1, message("three").subarray(0, 1), false);
  await client.settled();
  client.clock.advance(1_000);
  assertEquals((await answerOf(client, 1)).trailers.slice(-2), LATE);
});

Deno.test("FetchExchange waits for the whole of a small body, and not for ever", async () => {
  let asked = 0;
  await using client = await RawClient.open({
    limits,
    fetch: async (request) => {
      asked++;
      return new Response(await request.text());
    },
  });
  const small = [...POST, ["content-length", "5"]] as const;
  client.headers(1, small, false);
  client.data(1, ascii("he"), false);
  await client.settled();
  assertEquals(asked, 0);
  client.data(1, ascii("llo"), true);
  assertEquals((await client.nextOf(DATA)).payload, ascii("hello"));
  client.headers(3, small, false);
  client.data(3, ascii("he"), false);
  await client.settled();
  client.clock.advance(1_000);
  assertEquals((await client.nextOf(HEADERS)).fields, [":status: 408"]);
  assertEquals(asked, 1);
  client.headers(5, [...POST, ["content-length", "65536"]], false);
  await client.settled();
  assertEquals(asked, 2);
});

Deno.test("Http2Options.unread bounds what all connections hold of requests that are not whole", async () => {
  const unread = new ByteBudget(100_000);
  const options = { unread, limits };
  await using first = await grpcClient(echo, options);
  await using second = await grpcClient(echo, options);
  const half = message(new Uint8Array(120_000)).subarray(0, 16_000);
  const begin = (client: RawClient, id: number, parts: number) => {
    client.headers(id, callFields("/t.T/M"), false);
    client.data(id, half, false);
    for (let i = 1; i < parts; i++) client.data(id, new Uint8Array(16_000), false);
  };
  begin(first, 1, 4);
  begin(second, 1, 2);
  await first.settled();
  await second.settled();
  assertEquals(unread.takenBytes, 96_000);
  begin(second, 3, 1);
  const reset = await second.nextOf(RST_STREAM);
  assertEquals([reset.id, resetCode(reset)], [3, ErrorCode.ENHANCE_YOUR_CALM]);
  assertEquals(unread.takenBytes, 96_000);
  // What is whole is served.
  const large = "x".repeat(10_000);
  assertEquals((await call(second, 5, large)).data, message(large));
  first.frame(RST_STREAM, 0, 1, new Uint8Array(4));
  await first.settled();
  assertEquals(unread.takenBytes, 32_000);
  second.clock.advance(1_000);
  assertEquals((await answerOf(second, 1)).trailers.slice(-2), LATE);
  assertEquals(unread.takenBytes, 0);
});

Deno.test("Http2Options.unread gets back what a stream held, however it ends", async () => {
  const unread = new ByteBudget(1_000_000);
  const stream: GrpcHandler = { kind: "stream", handle: () => new Promise(() => {}) };
  for (const handler of [echo, stream]) {
    for (const part of [10, 20_000]) {
      const client = await grpcClient(handler, { unread });
      client.headers(1, callFields("/t.T/M"), false);
      client.data(1, message(new Uint8Array(15_000)).subarray(0, part), false);
      await client.settled();
      assertEquals(unread.takenBytes, Math.min(part, 15_005));
      await client[Symbol.asyncDispose]();
      assertEquals(unread.takenBytes, 0);
    }
  }
  await using client = await RawClient.open({ unread, fetch: () => new Promise(() => {}) });
  client.headers(1, POST, false);
  client.data(1, new Uint8Array(10_000), false);
  await client.settled();
  assertEquals(unread.takenBytes, 10_000);
  client.frame(RST_STREAM, 0, 1, new Uint8Array(4));
  await client.settled();
  assertEquals(unread.takenBytes, 0);
});
