import { assert, assertEquals } from "@std/assert";
import { ErrorCode } from "../../../src/http2/error_code.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import type { GrpcCall, GrpcHandler } from "../../../src/http2/grpc/handler.ts";
import { GrpcError } from "../../../src/http2/grpc/status.ts";
import { ascii, frameBytes, resetCode, uint32 } from "../raw_client.ts";
import { answerOf, call, callFields, grpcClient, message } from "./grpc_client.ts";

const HEAD = [":status: 200", "content-type: application/grpc"];
const echo: GrpcHandler = { kind: "unary", handle: (request) => request };

/** A handler that waits, and says what became of it. */
function waiting() {
  const calls: GrpcCall[] = [];
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const handler: GrpcHandler = {
    kind: "unary",
    handle: (_request, call) => {
      calls.push(call);
      return promise;
    },
  };
  return { handler, calls, resolve };
}

Deno.test("serveHttp2Connection() answers a unary call with head, message and status", async () => {
  await using client = await grpcClient(echo);
  const answer = await call(client, 1, "hello");
  assertEquals(answer, { head: HEAD, data: message("hello"), trailers: ["grpc-status: 0"] });
});

Deno.test("serveHttp2Connection() writes the answers of a turn at once", async () => {
  for (const handle of [(r: Uint8Array) => r, async (r: Uint8Array) => await Promise.resolve(r)]) {
    await using client = await grpcClient({ kind: "unary", handle });
    const before = client.pipe.writes;
    const block = client.block(callFields("/t.T/M"));
    const again = client.block(callFields("/t.T/M"));
    client.frame(FrameType.HEADERS, 4, 1, block);
    client.frame(FrameType.HEADERS, 4, 3, again);
    const both = [1, 3].map((id) => frameBytes(FrameType.DATA, 1, id, message("x")));
    client.send(new Uint8Array([...both[0], ...both[1]]));
    await answerOf(client, 1);
    await answerOf(client, 3);
    assertEquals(client.pipe.writes - before, 1);
  }
});

Deno.test("serveHttp2Connection() puts together a request however it is cut", async () => {
  await using client = await grpcClient(echo);
  const body = new Uint8Array(9_000).map((_, i) => i);
  const bytes = message(body);
  let id = 1;
  for (const cuts of [[1], [4], [5], [6], [1, 2, 3, 4, 5, 6, 7], [4_000, 8_999], [9_005]]) {
    client.headers(id, callFields("/t.T/M"), false);
    let from = 0;
    for (const to of cuts) {
      client.data(id, bytes.subarray(from, to), false);
      from = to;
    }
    client.data(id, bytes.subarray(from), true);
    assertEquals((await answerOf(client, id)).data, bytes);
    id += 2;
  }
});

Deno.test("serveHttp2Connection() turns what a handler throws into a status", async () => {
  const rows: [unknown, string[]][] = [
    [new GrpcError(5, "etcdserver: no"), ["grpc-status: 5", "grpc-message: etcdserver: no"]],
    [{ code: 14, message: "100 % nö\n" }, [
      "grpc-status: 14",
      "grpc-message: 100 %25 n%C3%B6%0A",
    ]],
    [new Error("a bug"), ["grpc-status: 2", "grpc-message: a bug"]],
    ["a text", ["grpc-status: 2", "grpc-message: unknown error"]],
    [{ code: 99, message: "x" }, ["grpc-status: 2", "grpc-message: unknown error"]],
  ];
  for (const [thrown, trailers] of rows) {
    for (const isAsync of [false, true]) {
      await using client = await grpcClient({
        kind: "unary",
        handle: () => {
          if (isAsync) return Promise.reject(thrown);
          throw thrown;
        },
      });
      const answer = await call(client, 1, "");
      assertEquals(answer, { head: [], data: new Uint8Array(), trailers: [...HEAD, ...trailers] });
      const isFault = trailers[0] === "grpc-status: 2";
      assertEquals(client.events.map(({ kind }) => kind), isFault ? ["handler_error"] : []);
    }
  }
});

Deno.test("serveHttp2Connection() refuses what is no proper call in grpc-go's words", async () => {
  const method = callFields("/t.T/M");
  const without = (name: string) => method.filter(([each]) => each !== name);
  const rows: [readonly (readonly [string, string])[], string[]][] = [
    [callFields("/t.T/Nope"), [
      "grpc-accept-encoding: identity",
      "grpc-status: 12",
      "grpc-message: unknown method Nope for service t.T",
    ]],
    [callFields("/Nope"), [
      "grpc-accept-encoding: identity",
      "grpc-status: 12",
      'grpc-message: malformed method name: "/Nope"',
    ]],
    [[...method, ["grpc-encoding", "gzip"]], [
      "grpc-accept-encoding: identity",
      "grpc-status: 12",
      'grpc-message: grpc: Decompressor is not installed for grpc-encoding "gzip"',
    ]],
    [[...method, ["grpc-timeout", "1x"]], [
      ":status: 400",
      "grpc-status: 13",
      'grpc-message: malformed grpc-timeout: "1x"',
    ]],
    [[...without("content-type"), ["content-type", "application/grpc-web"]], [
      ":status: 415",
      "grpc-status: 3",
      'grpc-message: invalid gRPC request content-type "application/grpc-web"',
    ]],
    [[[":method", "PUT"], ...without(":method")], [
      ":status: 405",
      "grpc-status: 13",
      'grpc-message: Received a HEADERS frame with :method "PUT" which should be POST',
    ]],
  ];
  await using client = await grpcClient(echo);
  let id = 1;
  for (const [fields, expected] of rows) {
    client.headers(id, fields, false);
    const { trailers } = await answerOf(client, id);
    const skipped = expected[0].startsWith(":status") ? [HEAD[1]] : HEAD;
    assertEquals(trailers.filter((line) => !skipped.includes(line)), expected);
    id += 2;
  }
  assertEquals((await call(client, id, "still here")).data, message("still here"));
});

Deno.test("serveHttp2Connection() takes content types with a subtype and identity as encoding", async () => {
  await using client = await grpcClient(echo);
  const fields = callFields("/t.T/M", ["grpc-encoding", "identity"])
    .map(([name, value]) => [name, name === "content-type" ? `${value}+proto` : value] as const);
  client.headers(1, fields, false);
  client.data(1, message("x"), true);
  assertEquals((await answerOf(client, 1)).data, message("x"));
});

Deno.test("serveHttp2Connection() refuses messages that are too large, compressed, missing or doubled", async () => {
  const compressed = message("x");
  compressed[0] = 1;
  const strange = message("x");
  strange[0] = 2;
  const rows: [Uint8Array, string[]][] = [
    [message(new Uint8Array(101)), [
      "grpc-status: 8",
      "grpc-message: grpc: received message larger than max (101 vs. 100)",
    ]],
    [compressed, [
      "grpc-status: 13",
      "grpc-message: grpc: compressed flag set with identity or empty encoding",
    ]],
    [strange, ["grpc-status: 13", "grpc-message: grpc: unexpected payload format"]],
    [new Uint8Array(), [
      "grpc-status: 13",
      "grpc-message: cardinality violation: not one whole request message",
    ]],
    [new Uint8Array(3), [
      "grpc-status: 13",
      "grpc-message: cardinality violation: not one whole request message",
    ]],
    [new Uint8Array([...message("a"), ...message("b")]), [
      "grpc-status: 13",
      "grpc-message: cardinality violation: a second request message",
    ]],
  ];
  await using client = await grpcClient(echo, { limits: { messageBytesMax: 100, streamsMax: 1 } });
  let id = 1;
  for (const [data, expected] of rows) {
    client.headers(id, callFields("/t.T/M"), false);
    client.data(id, data, true);
    assertEquals((await answerOf(client, id)).trailers.slice(2), expected);
    id += 2;
  }
  const largest = message(new Uint8Array(100));
  client.headers(id, callFields("/t.T/M"), false);
  client.data(id, largest, true);
  assertEquals((await answerOf(client, id)).data, largest);
});

Deno.test("serveHttp2Connection() gives a large message the window that it needs", async () => {
  await using client = await grpcClient(echo);
  const bytes = message(new Uint8Array(1_500_000).fill(7));
  client.headers(1, callFields("/t.T/M"), false);
  let windowBytes = 65_535;
  let sent = 0;
  client.frame(FrameType.SETTINGS, 0, 0, new Uint8Array([0, 4, ...uint32(0x7fff_ffff)]));
  client.widen(0, 0x7000_0000);
  while (sent < bytes.length) {
    const part = bytes.subarray(sent, sent + Math.min(16_384, windowBytes));
    sent += part.length;
    windowBytes -= part.length;
    client.data(1, part, sent === bytes.length);
    while (windowBytes === 0) {
      const { id, payload } = await client.nextOf(FrameType.WINDOW_UPDATE);
      if (id === 1) windowBytes += new DataView(payload.buffer).getUint32(0);
    }
  }
  assertEquals((await answerOf(client, 1)).data.length, bytes.length);
});

Deno.test("serveHttp2Connection() lets large messages wait in line for their room", async () => {
  await using client = await grpcClient(echo, { limits: { largeMessageBytesMax: 150_000 } });
  const begun = message(new Uint8Array(150_000)).subarray(0, 100);
  const widened = async () =>
    (await client.settled())
      .filter(({ type, id }) => type === FrameType.WINDOW_UPDATE && id > 0)
      .map(({ id }) => id);
  for (const id of [1, 3, 5]) {
    client.headers(id, callFields("/t.T/M"), false);
    client.data(id, begun, false);
  }
  assertEquals(await widened(), [1]);
  client.frame(FrameType.RST_STREAM, 0, 3, uint32(ErrorCode.CANCEL));
  assertEquals(await widened(), []);
  client.frame(FrameType.RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  assertEquals(await widened(), [5]);
});

Deno.test("GrpcCall has the caller's metadata, binary values decoded", async () => {
  let seen: unknown;
  await using client = await grpcClient({
    kind: "unary",
    handle: (request, call) => {
      const { metadata } = call;
      seen = [
        call.path,
        call.authority,
        call.deadlineMs,
        metadata.get("token"),
        metadata.get("none"),
        metadata.all("x-a"),
        metadata.allBinary("k-bin"),
      ];
      call.addTrailer("x-trailer", "t");
      return request;
    },
  });
  const { trailers } = await call(
    client,
    1,
    "",
    ["token", "abc.1"],
    ["x-a", "1"],
    ["x-a", "2"],
    ["k-bin", "AQI,Aw=="],
    ["k-bin", "***"],
  );
  const binary = [new Uint8Array([1, 2]), new Uint8Array([3])];
  assertEquals(seen, ["/t.T/M", "kvorum.test", Infinity, "abc.1", undefined, ["1", "2"], binary]);
  assertEquals(trailers, ["grpc-status: 0", "x-trailer: t"]);
});

Deno.test("GrpcCall is cancelled at its deadline, and the caller told", async () => {
  const { handler, calls, resolve } = waiting();
  await using client = await grpcClient(handler);
  const answers = [["grpc-timeout", "300m"], ["grpc-timeout", "2S"]] as const;
  client.headers(1, callFields("/t.T/M", answers[1]), false);
  client.data(1, message(""), true);
  client.headers(3, callFields("/t.T/M", answers[0]), false);
  client.data(3, message(""), true);
  await client.settled();
  const reasons: string[] = [];
  for (const call of calls) call.onCancel(({ message }) => reasons.push(message));
  client.clock.advance(299);
  assertEquals([calls[0].cancelled, calls[1].cancelled], [null, null]);
  client.clock.advance(1);
  assertEquals((await answerOf(client, 3)).trailers.slice(2), [
    "grpc-status: 4",
    "grpc-message: context deadline exceeded",
  ]);
  assertEquals([calls[0].cancelled, calls[1].cancelled?.code], [null, 4]);
  resolve(ascii("late"));
  assertEquals((await answerOf(client, 1)).data, message("late"));
  assertEquals(reasons, ["context deadline exceeded"]);
});

Deno.test("GrpcCall has its deadline also after another's has passed", async () => {
  const { handler, resolve } = waiting();
  await using client = await grpcClient(handler);
  for (const [id, timeout] of [[1, "3S"], [3, "1S"], [5, "2S"]] as const) {
    client.headers(id, callFields("/t.T/M", ["grpc-timeout", timeout]), false);
    client.data(id, message(""), true);
  }
  await client.settled();
  for (const id of [3, 5, 1]) {
    client.clock.advance(1_000);
    assertEquals((await answerOf(client, id)).trailers[2], "grpc-status: 4");
  }
  resolve(ascii("late"));
});

Deno.test("GrpcCall past its deadline makes room even if its request never came", async () => {
  await using client = await grpcClient(echo, { limits: { streamsMax: 1 } });
  client.headers(1, callFields("/t.T/M", ["grpc-timeout", "1S"]), false);
  await client.settled();
  client.clock.advance(1_000);
  assertEquals((await answerOf(client, 1)).trailers[2], "grpc-status: 4");
  assertEquals((await call(client, 3, "x")).data, message("x"));
});

Deno.test("GrpcCall is cancelled when the client resets the stream or leaves", async () => {
  const { handler, calls, resolve } = waiting();
  await using client = await grpcClient(handler);
  for (const id of [1, 3]) {
    client.headers(id, callFields("/t.T/M"), false);
    client.data(id, message(""), true);
  }
  await client.settled();
  const reasons: string[] = [];
  for (const each of calls) {
    each.onCancel(({ code, message }) => reasons.push(`${code} ${message}`));
  }
  client.frame(FrameType.RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  await client.settled();
  client.pipe.push(null);
  await client.served.closed;
  assertEquals(reasons, ["1 the client has cancelled the request", "1 transport is closing"]);
  resolve(ascii("nobody waits"));
  await Promise.resolve();
  let told = "";
  calls[0].onCancel(({ message }) => told = message);
  assert(told !== "");
});

Deno.test("serveHttp2Connection() counts handlers whose client has gone", async () => {
  const { handler, resolve } = waiting();
  await using client = await grpcClient(handler, { limits: { streamsMax: 2 } });
  for (const id of [1, 3]) {
    client.headers(id, callFields("/t.T/M"), false);
    client.data(id, message(""), true);
    client.frame(FrameType.RST_STREAM, 0, id, uint32(ErrorCode.CANCEL));
  }
  client.headers(5, callFields("/t.T/M"), false);
  assertEquals(resetCode(await client.nextOf(FrameType.RST_STREAM)), ErrorCode.REFUSED_STREAM);
  resolve(ascii("done"));
  await client.settled();
  assertEquals((await call(client, 7, "")).data, message("done"));
});
