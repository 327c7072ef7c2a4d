// Each row breaks one rule of RFC 9113 and says what must come of it: what h2spec checks, and more.
import { assert, assertEquals } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { SettingId } from "../../src/http2/settings.ts";
import { ascii, GET, goaway, POST, RawClient, resetCode, setting, uint32 } from "./raw_client.ts";

type Break = (client: RawClient) => void;

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE } = FrameType;
const { PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = FrameType;
const { END_STREAM, END_HEADERS, PADDED, ACK } = Flag;
const OTHERS = GET.slice(1);
const ONE_BYTE = new Uint8Array(1);
const INT31 = 0x7fff_ffff;

/** Opens a stream whose request goes on. */
function begin(client: RawClient, id = 1): void {
  client.headers(id, POST, false);
}

const CONNECTION_ERRORS: [string, number, Break][] = [
  [
    "§4.2 a frame that is too long",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(DATA, 0, 1, new Uint8Array(16_385)),
  ],
  [
    "§4.3 a header block that cannot be decoded",
    ErrorCode.COMPRESSION_ERROR,
    (c) => c.frame(HEADERS, END_HEADERS, 1, new Uint8Array([0x80])),
  ],
  ["§4.3 a frame of another stream within a header block", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.frame(HEADERS, END_STREAM, 1, c.block(GET));
    c.frame(PRIORITY, 0, 3, new Uint8Array(5));
  }],
  ["§4.3 an unknown frame within a header block", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.frame(HEADERS, END_STREAM, 1, c.block(GET));
    c.frame(0x16, 0, 0, ONE_BYTE);
  }],
  ["§5.1 DATA on an idle stream", ErrorCode.PROTOCOL_ERROR, (c) => c.data(1, ONE_BYTE, true)],
  [
    "§5.1 RST_STREAM on an idle stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL)),
  ],
  ["§5.1 WINDOW_UPDATE on an idle stream", ErrorCode.PROTOCOL_ERROR, (c) => c.widen(1, 100)],
  [
    "§5.1 CONTINUATION on an idle stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(CONTINUATION, END_HEADERS, 1, c.block(GET)),
  ],
  ["§5.1 HEADERS on a closed stream", ErrorCode.STREAM_CLOSED, (c) => {
    begin(c);
    c.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
    c.headers(1, GET, true);
  }],
  ["§5.1.1 a stream with an even number", ErrorCode.PROTOCOL_ERROR, (c) => c.headers(2, GET, true)],
  ["§5.1.1 a stream with a smaller number", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c, 5);
    c.headers(3, GET, true);
  }],
  ["§6.1 DATA on no stream", ErrorCode.PROTOCOL_ERROR, (c) => c.data(0, ONE_BYTE, false)],
  ["§6.1 DATA that is all padding and more", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c);
    c.frame(DATA, PADDED, 1, new Uint8Array([2, 0]));
  }],
  ["§6.2 HEADERS on no stream", ErrorCode.PROTOCOL_ERROR, (c) => c.headers(0, GET, true)],
  [
    "§6.2 HEADERS that is all padding and more",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(HEADERS, END_HEADERS | PADDED, 1, new Uint8Array([2, 0])),
  ],
  [
    "§6.2 HEADERS shorter than its priority",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(HEADERS, END_HEADERS | Flag.PRIORITY, 1, new Uint8Array(4)),
  ],
  [
    "§6.3 PRIORITY on no stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(PRIORITY, 0, 0, new Uint8Array(5)),
  ],
  [
    "§6.4 RST_STREAM on no stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(RST_STREAM, 0, 0, uint32(ErrorCode.CANCEL)),
  ],
  ["§6.4 RST_STREAM of a wrong size", ErrorCode.FRAME_SIZE_ERROR, (c) => {
    begin(c);
    c.frame(RST_STREAM, 0, 1, new Uint8Array(3));
  }],
  ["§6.5 SETTINGS on a stream", ErrorCode.PROTOCOL_ERROR, (c) => c.frame(SETTINGS, 0, 1)],
  [
    "§6.5 SETTINGS of a wrong size",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(SETTINGS, 0, 0, new Uint8Array(3)),
  ],
  [
    "§6.5 an acknowledgement with settings",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(SETTINGS, ACK, 0, setting(SettingId.ENABLE_PUSH, 0)),
  ],
  [
    "§6.5.2 ENABLE_PUSH of 2",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(SETTINGS, 0, 0, setting(SettingId.ENABLE_PUSH, 2)),
  ],
  [
    "§6.5.2 a window past 2^31 - 1",
    ErrorCode.FLOW_CONTROL_ERROR,
    (c) => c.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0x8000_0000)),
  ],
  [
    "§6.5.2 a frame size that is too small",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(SETTINGS, 0, 0, setting(SettingId.MAX_FRAME_SIZE, 16_383)),
  ],
  [
    "§6.5.2 a frame size that is too large",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(SETTINGS, 0, 0, setting(SettingId.MAX_FRAME_SIZE, 16_777_216)),
  ],
  [
    "§6.6 PUSH_PROMISE of a client",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(PUSH_PROMISE, END_HEADERS, 1, c.block(GET)),
  ],
  [
    "§6.7 PING on a stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(PING, 0, 1, new Uint8Array(8)),
  ],
  [
    "§6.7 PING of a wrong size",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(PING, 0, 0, new Uint8Array(6)),
  ],
  [
    "§6.8 GOAWAY on a stream",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(GOAWAY, 0, 1, new Uint8Array(8)),
  ],
  [
    "§6.8 GOAWAY of a wrong size",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(GOAWAY, 0, 0, new Uint8Array(7)),
  ],
  ["§6.9 WINDOW_UPDATE by nothing", ErrorCode.PROTOCOL_ERROR, (c) => c.widen(0, 0)],
  [
    "§6.9 WINDOW_UPDATE of a wrong size",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(WINDOW_UPDATE, 0, 0, new Uint8Array(3)),
  ],
  [
    "§6.9.1 the connection's window past 2^31 - 1",
    ErrorCode.FLOW_CONTROL_ERROR,
    (c) => c.widen(0, INT31),
  ],
  [
    "§6.9.2 a setting that takes a stream's window past 2^31 - 1",
    ErrorCode.FLOW_CONTROL_ERROR,
    (c) => {
      begin(c);
      c.widen(1, INT31 - 65_535);
      c.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 65_536));
    },
  ],
  ["§6.10 CONTINUATION after a whole header block", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c);
    c.frame(CONTINUATION, END_HEADERS, 1, new Uint8Array());
  }],
  ["§6.10 CONTINUATION on another stream", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.frame(HEADERS, END_STREAM, 1, c.block(GET));
    c.frame(CONTINUATION, END_HEADERS, 3, new Uint8Array());
  }],
];

const STREAM_ERRORS: [string, number, Break][] = [
  ["§5.1 DATA after the end of a request", ErrorCode.STREAM_CLOSED, (c) => {
    c.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0));
    c.headers(1, GET, true);
    c.data(1, ONE_BYTE, true);
  }],
  ["§5.1 HEADERS after the end of a request", ErrorCode.STREAM_CLOSED, (c) => {
    c.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0));
    c.headers(1, GET, true);
    c.headers(1, GET, true);
  }],
  ["§5.1 DATA after RST_STREAM", ErrorCode.STREAM_CLOSED, (c) => {
    begin(c);
    c.frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL));
    c.data(1, ONE_BYTE, true);
  }],
  [
    "§5.3.1 a stream that depends on itself",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.frame(PRIORITY, 0, 1, new Uint8Array([0, 0, 0, 1, 0])),
  ],
  [
    "§6.3 PRIORITY of a wrong size",
    ErrorCode.FRAME_SIZE_ERROR,
    (c) => c.frame(PRIORITY, 0, 1, new Uint8Array(4)),
  ],
  ["§6.9 WINDOW_UPDATE by nothing", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c);
    c.widen(1, 0);
  }],
  ["§6.9.1 a stream's window past 2^31 - 1", ErrorCode.FLOW_CONTROL_ERROR, (c) => {
    begin(c);
    c.widen(1, INT31);
  }],
  ["§8.1 trailers that do not end the request", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c);
    c.headers(1, [["x-a", "1"]], false);
  }],
  ["§8.1 a pseudo-field in trailers", ErrorCode.PROTOCOL_ERROR, (c) => {
    begin(c);
    c.headers(1, [[":path", "/"]], true);
  }],
  ["§8.1.1 less data than content-length says", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.headers(1, [...POST, ["content-length", "2"]], false);
    c.data(1, ONE_BYTE, true);
  }],
  ["§8.1.1 more data than content-length says", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.headers(1, [...POST, ["content-length", "2"]], false);
    c.data(1, ONE_BYTE, false);
    c.data(1, new Uint8Array(2), true);
  }],
  [
    "§8.1.1 no data although content-length says so",
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.headers(1, [...POST, ["content-length", "2"]], true),
  ],
  ["§8.1.1 trailers before all data", ErrorCode.PROTOCOL_ERROR, (c) => {
    c.headers(1, [...POST, ["content-length", "2"]], false);
    c.headers(1, [["x-a", "1"]], true);
  }],
  ...malformedRequests().map(([name, fields]): [string, number, Break] => [
    name,
    ErrorCode.PROTOCOL_ERROR,
    (c) => c.headers(1, fields, true),
  ]),
];

function malformedRequests(): [string, (readonly [string, string])[]][] {
  return [
    ["§8.1.1 two lengths that differ", [...GET, ["content-length", "0"], ["content-length", "1"]]],
    ["§8.1.1 a length that is no number", [...GET, ["content-length", "-1"]]],
    ["§8.2 a name in upper case", [...GET, ["X-A", "1"]]],
    ["§8.2.2 a field of the connection", [...GET, ["connection", "keep-alive"]]],
    ["§8.2.2 te other than trailers", [...GET, ["te", "trailers, deflate"]]],
    ["§8.3 an unknown pseudo-field", [...GET, [":test", "1"]]],
    ["§8.3 a pseudo-field after others", [...OTHERS, ["x-a", "1"], [":method", "GET"]]],
    ["§8.3 a pseudo-field of responses", [...GET, [":status", "200"]]],
    ["§8.3.1 an empty path", [[":method", "GET"], [":scheme", "http"], [":path", ""]]],
    ["§8.3.1 no method", [...OTHERS]],
    ["§8.3.1 no scheme", GET.filter(([name]) => name !== ":scheme")],
    ["§8.3.1 no path", GET.filter(([name]) => name !== ":path")],
    ["§8.3.1 two methods", [[":method", "GET"], ...GET]],
    ["§8.5 CONNECT with a path", [[":method", "CONNECT"], ...OTHERS]],
  ];
}

for (const [name, code, breakRule] of CONNECTION_ERRORS) {
  Deno.test(`serveHttp2Connection() ends the connection: ${name}`, async () => {
    await using client = await RawClient.open();
    breakRule(client);
    assertEquals(goaway(await client.nextOf(GOAWAY)).code, code);
    client.clock.advance(1_000);
    assertEquals(await client.next(), null);
  });
}

for (const [name, code, breakRule] of STREAM_ERRORS) {
  Deno.test(`serveHttp2Connection() resets the stream: ${name}`, async () => {
    await using client = await RawClient.open();
    breakRule(client);
    const reset = await client.nextOf(RST_STREAM);
    assertEquals([reset.id, resetCode(reset)], [1, code]);
    // The connection goes on, its tables included.
    client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 65_535));
    client.headers(3, GET, true);
    const answer = await client.nextOf(HEADERS);
    assertEquals(answer.id, 3);
    assertEquals(answer.fields[0], ":status: 200");
  });
}

Deno.test("serveHttp2Connection() refuses what does not begin as HTTP/2 does", async () => {
  for (const [start, code] of [["GET / HTTP/1.1\r\n\r\n", ErrorCode.PROTOCOL_ERROR]] as const) {
    await using client = new RawClient();
    client.send(ascii(start));
    assertEquals(goaway(await client.nextOf(GOAWAY)).code, code);
  }
  await using client = new RawClient();
  client.send(ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  client.frame(PING, 0, 0, new Uint8Array(8));
  assertEquals(goaway(await client.nextOf(GOAWAY)).code, ErrorCode.PROTOCOL_ERROR);
});

Deno.test("serveHttp2Connection() ignores frames, flags and settings that it does not know", async () => {
  await using client = await RawClient.open();
  client.frame(0xff, 0xff, 0, new Uint8Array(8));
  client.frame(0x16, 0, 7, new Uint8Array(8));
  client.frame(SETTINGS, 0, 0, setting(0xff, 1));
  client.frame(PING, 0xfe, 0, new Uint8Array(8));
  client.frame(GOAWAY, 0, 0, new Uint8Array(12));
  assertEquals((await client.settled()).map(({ type }) => type), [SETTINGS]);
});

Deno.test("serveHttp2Connection() ignores frames on a stream that it has reset itself", async () => {
  await using client = await RawClient.open();
  begin(client);
  client.widen(1, 0);
  await client.nextOf(RST_STREAM);
  client.data(1, ONE_BYTE, false);
  client.widen(1, 10);
  client.headers(1, [["x-a", "1"]], true);
  assertEquals(await client.settled(), []);
});

Deno.test("serveHttp2Connection() reads padded, prioritised and continued requests", async () => {
  await using client = await RawClient.open({
    fetch: async (request) => new Response(`${await request.text()}!`),
  });
  const block = client.block([...POST, ["content-length", "2"]]);
  const parts = [block.subarray(0, 3), block.subarray(3, 5), block.subarray(5)];
  const first = new Uint8Array([2, 0, 0, 0, 9, 1, ...parts[0], 0, 0]);
  client.frame(HEADERS, PADDED | Flag.PRIORITY, 1, first);
  client.frame(CONTINUATION, 0, 1, parts[1]);
  client.frame(CONTINUATION, END_HEADERS, 1, parts[2]);
  client.frame(DATA, PADDED | END_STREAM, 1, new Uint8Array([3, ...ascii("hi"), 0, 0, 0]));
  assertEquals((await client.nextOf(HEADERS)).fields[0], ":status: 200");
  assertEquals((await client.nextOf(DATA)).payload, ascii("hi!"));
});

Deno.test("serveHttp2Connection() keeps to the windows, also to one below zero", async () => {
  await using client = await RawClient.open({ fetch: () => new Response("0123456789") });
  client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 3));
  client.headers(1, GET, true);
  const texts = async () =>
    (await client.settled()).filter(({ type }) => type === DATA)
      .map(({ payload }) => String.fromCharCode(...payload));
  assertEquals((await client.nextOf(DATA)).payload, ascii("012"));
  client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 1));
  client.widen(1, 2);
  assertEquals(await texts(), []);
  client.widen(1, 1);
  assertEquals(await texts(), ["3"]);
  client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 3));
  assertEquals(await texts(), ["45"]);
  client.widen(1, 100);
  assertEquals(await texts(), ["6789"]);
});

Deno.test("serveHttp2Connection() keeps to the connection's window and gives each stream its turn", async () => {
  const answer = new Uint8Array(100_000);
  await using client = await RawClient.open({
    fetch: () => new Response(answer),
    limits: { pingMinTimeMs: 0 },
  });
  client.frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 1_000_000));
  client.headers(1, GET, true);
  client.headers(3, GET, true);
  const sent = { 1: 0, 3: 0 };
  // What has come after a few round trips: the answer to a ping may overtake data.
  const total = async () => {
    for (let trip = 0; trip < 5; trip++) {
      for (const { type, id, payload } of await client.settled()) {
        if (type === DATA) sent[id as 1 | 3] += payload.length;
      }
    }
    return sent[1] + sent[3];
  };
  assertEquals(await total(), 65_535);
  client.widen(0, 64_000);
  assertEquals(await total(), 129_535);
  assert(sent[1] > 30_000 && sent[3] > 30_000, JSON.stringify(sent));
  client.widen(0, 200_000);
  assertEquals(await total(), 200_000);
});

Deno.test("serveHttp2Connection() sends a header block larger than a frame in several", async () => {
  const value = "v".repeat(40_000);
  await using client = await RawClient.open({
    fetch: () => new Response(null, { headers: { "x-long": value } }),
  });
  client.headers(1, GET, true);
  assertEquals((await client.nextOf(HEADERS)).payload.length, 16_384);
  assertEquals((await client.nextOf(CONTINUATION)).payload.length, 16_384);
  const { flags, fields } = await client.nextOf(CONTINUATION);
  assertEquals([flags, fields.length], [END_HEADERS, 2]);
  assert(fields[1] === `x-long: ${value}`);
});
