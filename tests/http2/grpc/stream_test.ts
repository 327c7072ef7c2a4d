import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concatBytes } from "../../../src/base/bytes.ts";
import { ErrorCode } from "../../../src/http2/error_code.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import type { GrpcHandler, GrpcStreamCall } from "../../../src/http2/grpc/handler.ts";
import { GrpcError } from "../../../src/http2/grpc/status.ts";
import { SettingId } from "../../../src/http2/settings.ts";
import { ascii, setting, uint32 } from "../raw_client.ts";
import { answerOf, callFields, grpcClient, message } from "./grpc_client.ts";

const echo: GrpcHandler = {
  kind: "stream",
  handle: async (call) => {
    for await (const each of call) if (!call.send(each)) await call.drained();
  },
};

/** A handler that hands its call to the test and ends when the test says so. */
function handedOut() {
  const { promise, resolve } = Promise.withResolvers<GrpcStreamCall>();
  const end = Promise.withResolvers<void>();
  const handler: GrpcHandler = {
    kind: "stream",
    handle: (call) => {
      resolve(call);
      return end.promise;
    },
  };
  return { handler, call: promise, end };
}

Deno.test("GrpcStreamCall carries messages both ways until both sides are done", async () => {
  await using client = await grpcClient(echo);
  client.headers(1, callFields("/t.T/M"), false);
  client.data(1, message("one"), false);
  assertEquals((await client.nextOf(FrameType.DATA)).payload, message("one"));
  client.data(1, concatBytes([message("two"), message("")]).subarray(0, 10), false);
  client.data(1, concatBytes([message("two"), message("")]).subarray(10), true);
  const rest = await answerOf(client, 1);
  assertEquals(rest.data, concatBytes([message("two"), message("")]));
  assertEquals(rest.trailers, ["grpc-status: 0"]);
});

Deno.test("GrpcStreamCall ends with what its handler throws, after what it sent", async () => {
  await using client = await grpcClient({
    kind: "stream",
    handle: (call) => {
      call.send(ascii("first"));
      return Promise.reject(new GrpcError(14, "etcdserver: no leader"));
    },
  });
  client.headers(1, callFields("/t.T/M"), false);
  const answer = await answerOf(client, 1);
  assertEquals(answer.data, message("first"));
  assertEquals(answer.trailers, ["grpc-status: 14", "grpc-message: etcdserver: no leader"]);
  // The client had not finished: it is told that it need not.
  assertEquals((await client.nextOf(FrameType.RST_STREAM)).payload, uint32(ErrorCode.NO_ERROR));
});

Deno.test("GrpcStreamCall.receive() stops the client when nobody receives", async () => {
  const { handler, call, end } = handedOut();
  await using client = await grpcClient(handler);
  client.headers(1, callFields("/t.T/M"), false);
  const each = message(new Uint8Array(9_995));
  for (let i = 0; i < 6; i++) client.data(1, each, false);
  const widened = async () =>
    (await client.settled()).filter(({ type, id }) => type === FrameType.WINDOW_UPDATE && id === 1);
  assertEquals(await widened(), []);
  const served = await call;
  for (let i = 0; i < 4; i++) assertEquals((await served.receive())?.length, 9_995);
  const [update] = await widened();
  assertEquals(update.payload, uint32(40_000));
  client.data(1, new Uint8Array(), true);
  for (let i = 0; i < 2; i++) assertEquals((await served.receive())?.length, 9_995);
  assertEquals(await served.receive(), null);
  assertEquals(await served.receive(), null);
  end.resolve();
  await answerOf(client, 1);
});

Deno.test("GrpcStreamCall.send() says when to wait, and drained() when to go on", async () => {
  const { handler, call, end } = handedOut();
  await using client = await grpcClient(handler, { limits: { streamQueueBytesMax: 1_200 } });
  client.frame(FrameType.SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 100));
  client.headers(1, callFields("/t.T/M"), false);
  const served = await call;
  await served.drained();
  const reused = new Uint8Array(500);
  assertEquals([served.send(reused.fill(1)), served.send(reused.fill(2))], [true, true]);
  assertEquals(served.send(reused.fill(3)), false);
  assertThrows(() => served.send(reused), RangeError);
  let isDrained = false;
  const drained = served.drained().then(() => isDrained = true);
  client.widen(1, 100);
  await client.settled();
  assert(!isDrained);
  client.widen(1, 10_000);
  await drained;
  end.resolve();
  const { data } = await answerOf(client, 1);
  const expected = [1, 2, 3].map((byte) => message(new Uint8Array(500).fill(byte)));
  // The first frames went by while the test settled.
  assertEquals(data, concatBytes(expected).subarray(concatBytes(expected).length - data.length));
});

Deno.test("GrpcStreamCall rejects those who wait when the client goes", async () => {
  const { handler, call, end } = handedOut();
  await using client = await grpcClient(handler, { limits: { streamQueueBytesMax: 10 } });
  client.frame(FrameType.SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0));
  client.headers(1, callFields("/t.T/M"), false);
  const served = await call;
  served.send(new Uint8Array(20));
  const waiting = [served.receive(), served.drained()];
  client.frame(FrameType.RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
  for (const each of waiting) {
    await assertRejects(() => each, GrpcError, "cancelled");
  }
  await assertRejects(() => served.receive(), GrpcError);
  await assertRejects(() => served.drained(), GrpcError);
  assertEquals(served.send(new Uint8Array(1)), false);
  assertEquals(served.cancelled?.code, 1);
  end.resolve();
  // Of the answer only its head was ever sent.
  assertEquals((await client.settled()).filter(({ id }) => id === 1).length, 1);
});

Deno.test("GrpcStreamCall refuses a message cut off by the end of the request", async () => {
  await using client = await grpcClient(echo);
  client.headers(1, callFields("/t.T/M"), false);
  client.data(1, message("whole").subarray(0, 7), true);
  const { trailers } = await answerOf(client, 1);
  assertEquals(trailers.slice(2), ["grpc-status: 13", "grpc-message: unexpected EOF"]);
});

Deno.test("GrpcStreamCall passes a large message through both windows", async () => {
  await using client = await grpcClient(echo);
  client.headers(1, callFields("/t.T/M"), false);
  const bytes = message(new Uint8Array(300_000).map((_, i) => i));
  let windowBytes = 65_535;
  let sent = 0;
  let echoed = 0;
  const parts: Uint8Array[] = [];
  while (echoed < bytes.length) {
    while (windowBytes > 0 && sent < bytes.length) {
      const part = bytes.subarray(sent, sent + Math.min(16_384, windowBytes));
      client.data(1, part, false);
      sent += part.length;
      windowBytes -= part.length;
    }
    const frame = await client.next();
    assert(frame !== null);
    if (frame.type === FrameType.WINDOW_UPDATE && frame.id === 1) {
      windowBytes += new DataView(frame.payload.buffer).getUint32(0);
    }
    if (frame.type !== FrameType.DATA) continue;
    parts.push(frame.payload);
    echoed += frame.payload.length;
    client.widen(0, frame.payload.length);
    client.widen(1, frame.payload.length);
  }
  assertEquals(concatBytes(parts), bytes);
  assert(windowBytes <= 65_535, "the window is no larger than before");
  client.data(1, new Uint8Array(), true);
  assertEquals((await answerOf(client, 1)).trailers, ["grpc-status: 0"]);
});

Deno.test("StreamExchange tells its handler when the client breaks gRPC's rules", async () => {
  const broken = {
    "a message that is too large": new Uint8Array([0, 0xff, 0, 0, 0]),
    "a compressed message": new Uint8Array([1, 0, 0, 0, 0]),
    "an end amid a message": message("cut").subarray(0, 6),
  };
  for (const [what, bytes] of Object.entries(broken)) {
    const outcomes: unknown[] = [];
    await using client = await grpcClient({
      kind: "stream",
      async handle(call) {
        call.onCancel(({ code }) => outcomes.push(code));
        await call.receive().catch(({ code }) => outcomes.push(code));
      },
    });
    client.headers(1, callFields("/t.T/M"), false);
    client.data(1, bytes, true);
    const { trailers } = await answerOf(client, 1);
    const status = Number(trailers.find((each) => each.startsWith("grpc-status"))?.split(" ")[1]);
    assertEquals(outcomes, [status, status], what);
  }
});
