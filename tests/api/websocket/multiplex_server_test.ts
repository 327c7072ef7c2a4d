import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { MultiplexLimits } from "../../../src/api/websocket/limits.ts";
import {
  type MultiplexOptions,
  MultiplexServer,
} from "../../../src/api/websocket/multiplex_server.ts";
import { create, decode, encodeToBytes } from "../../../src/proto/codec.ts";
import {
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
} from "../../../src/proto/kv.ts";
import { LockRequest } from "../../../src/proto/lock.ts";
import { SnapshotRequest } from "../../../src/proto/maintenance.ts";
import { channelPair } from "../../../src/proto/multiplex/channel.ts";
import type { CallItem, RequestItem } from "../../../src/proto/multiplex/frame.ts";
import { methodNumber } from "../../../src/proto/multiplex/method.ts";
import { WatchCreateRequest, WatchRequest, WatchResponse } from "../../../src/proto/watch.ts";
import { requestItem } from "../../proto/multiplex/items.ts";
import { LocalReplica } from "../local_replica.ts";
import { RawClient } from "./raw_client.ts";

const text = (of: string) => new TextEncoder().encode(of);

interface Ticking {
  readonly server: MultiplexServer;
  readonly replica: LocalReplica;
  readonly errors: Error[];
  readonly client: () => RawClient;
  /** Lets time pass and the server look at it. */
  readonly pass: (durationMs: number) => void;
}

function setUp(limits: Partial<MultiplexLimits> = {}, options: Partial<MultiplexOptions> = {}) {
  const replica = new LocalReplica();
  const errors: Error[] = [];
  let nowMs = 0;
  let check = () => {};
  const server = new MultiplexServer({
    ...{ replica, limits },
    onInternalError: (error) => errors.push(error),
    nowMs: () => nowMs,
    every(_periodMs, fn) {
      check = fn;
      return { stop: () => check = () => {} };
    },
    ...options,
  });
  const ticking: Ticking = {
    ...{ server, replica, errors },
    client: () => new RawClient(server.connect()),
    pass(durationMs) {
      nowMs += durationMs;
      check();
    },
  };
  return ticking;
}

function call(id: number, name: string, body: Uint8Array, sequence = 0): CallItem {
  const method = methodNumber(name) as number;
  return { type: "call", id, method, sequence, deadlineMs: 0, requireLeader: false, body };
}

function put(id: number, key: string, value = "", sequence = 0): CallItem {
  const request = create(PutRequest, { key: text(key), value: text(value) });
  return call(id, "/etcdserverpb.KV/Put", encodeToBytes(PutRequest, request), sequence);
}

function get(id: number, key: string): CallItem {
  const request = create(RangeRequest, { key: text(key) });
  return call(id, "/etcdserverpb.KV/Range", encodeToBytes(RangeRequest, request));
}

/** A call that waits for others, unless it is the first. */
function lock(id: number): CallItem {
  const request = create(LockRequest, { name: text("job"), lease: 0n });
  return call(id, "/v3lockpb.Lock/Lock", encodeToBytes(LockRequest, request));
}

function watch(id: number, creditBytes: number): RequestItem {
  const createRequest = create(WatchCreateRequest, { key: text("w"), startRevision: 1 });
  const body = encodeToBytes(WatchRequest, create(WatchRequest, { createRequest }));
  const method = methodNumber("/etcdserverpb.Watch/Watch") as number;
  return { type: "open", id, method, requireLeader: true, creditBytes, body };
}

Deno.test("MultiplexServer answers the calls of a frame in one frame", async () => {
  const { server, client: connect } = setUp();
  const client = connect();
  await client.greet();
  assertEquals([client.hello?.clusterId, client.hello?.memberId], [0x123n, 0xabcn]);
  client.frame(Array.from({ length: 100 }, (_, i) => put(i + 1, `k${i}`)));
  const answers = await client.answers(100);
  assertEquals(client.frames.length, 1);
  assertEquals(answers.map(({ id }) => id), Array.from({ length: 100 }, (_, i) => i + 1));
  client.frame([get(101, "k5")]);
  const [last] = (await client.answers(101)).slice(-1);
  assert(last.type === "answer");
  assertEquals(decode(RangeResponse, last.body).kvs[0].modRevision, 7);
  server.close();
});

Deno.test("MultiplexServer proposes a put's bytes as they came", async () => {
  const { server, replica, client: connect } = setUp();
  const client = connect();
  await client.greet();
  const proposed: Uint8Array[] = [];
  const propose = replica.propose.bind(replica);
  replica.propose = (kind, body, options) => {
    proposed.push(body);
    return propose(kind, body, options);
  };
  // An unknown field survives only if nobody decodes and encodes the request on its way.
  const { body } = put(1, "key");
  const withUnknown = Uint8Array.of(...body, 0x78, 1);
  client.frame([call(1, "/etcdserverpb.KV/Put", withUnknown)]);
  await client.answers(1);
  assertEquals(proposed, [withUnknown]);
  server.close();
});

Deno.test("MultiplexServer applies a write once under its name", async () => {
  const { server, client: connect } = setUp();
  const [one, other] = [connect(), connect()];
  await one.greet();
  await other.greet();
  one.frame([put(1, "k", "v", 5)]);
  other.frame([put(9, "k", "v", 5)]);
  const revisions = [(await one.answers(1))[0], (await other.answers(1))[0]].map((item) => {
    assert(item.type === "answer");
    return decode(PutResponse, item.body).header?.revision;
  });
  assertEquals(revisions, [2, 2]);
  server.close();
});

Deno.test("MultiplexServer refuses what it cannot serve, call by call", async () => {
  const { server, replica, errors, client: connect } = setUp();
  const client = connect();
  await client.greet();
  client.frame([
    { ...put(1, "k"), method: 99 },
    call(2, "/etcdserverpb.KV/Put", Uint8Array.of(0xff)),
    put(3, ""),
    call(4, "/etcdserverpb.KV/Txn", encodeToBytes(TxnRequest, create(TxnRequest))),
    { ...watch(5, 10), method: 99 } as RequestItem,
  ]);
  const refused = (await client.answers(5)).flatMap((item) =>
    item.type === "error" ? [`${item.id} ${item.code} ${item.message}`] : []
  );
  refused.sort();
  assertEquals(refused.length, 4);
  assertEquals(refused[0], "1 12 etcdserver: unknown method");
  assertStringIncludes(refused[1], "2 3 kvorum: malformed etcdserverpb.PutRequest: ");
  assertEquals(refused.slice(2), [
    "3 3 etcdserver: key is not provided",
    "5 12 etcdserver: unknown method",
  ]);
  replica.propose = () => Promise.reject(new TypeError("a secret"));
  client.frame([put(6, "k")]);
  const [hidden] = (await client.answers(6)).slice(-1);
  assertEquals(hidden, { type: "error", id: 6, code: 13, message: "kvorum: internal error" });
  assertEquals(errors.map(({ cause }) => String(cause)), ["TypeError: a secret"]);
  server.close();
});

Deno.test("MultiplexServer sends on a stream what the client gave credit for", async () => {
  const { server, client: connect } = setUp();
  const client = connect();
  await client.greet();
  const value = "x".repeat(1_000);
  client.frame([watch(1, 1)]);
  client.frame(Array.from({ length: 20 }, (_, i) => put(i + 2, "w", value)));
  await client.answers(21);
  const messages = () => client.items.filter(({ type }) => type === "message");
  assertEquals(messages().length, 1, "the created response took the credit");
  let revisions = 0;
  for (let turn = 1; revisions < 20; turn++) {
    client.frame([{ type: "credit", id: 1, bytes: 500 }]);
    const echo = client.messages.length;
    client.raw(Uint8Array.of(2));
    await client.until(() => client.messages.length > echo);
    const bodies = messages().map((item) => item.type === "message" ? item.body : text(""));
    const byteLength = bodies.reduce((sum, body) => sum + body.length, 0);
    assert(byteLength < turn * 500 + 22_000, "at most one response beyond the credit");
    revisions = bodies.flatMap((body) => decode(WatchResponse, body).events).length;
    assert(turn < 100);
  }
  client.frame([{ type: "cancel", id: 1 }, { type: "credit", id: 1, bytes: 500 }]);
  client.frame([put(50, "w"), get(51, "w")]);
  await client.answers(client.items.length + 2);
  assertEquals(client.items.filter((item) => item.type === "end").length, 0);
  server.close();
});

Deno.test("MultiplexServer streams a snapshot to its end", async () => {
  const { server, client: connect } = setUp();
  const client = connect();
  await client.greet();
  client.frame([put(1, "k", "v".repeat(1_000))]);
  await client.answers(1);
  const method = methodNumber("/etcdserverpb.Maintenance/Snapshot") as number;
  const body = encodeToBytes(SnapshotRequest, create(SnapshotRequest));
  client.frame([
    { type: "open", id: 2, method, requireLeader: false, creditBytes: 1_000_000, body },
  ]);
  await client.until(() => client.items.some(({ type }) => type === "end"));
  assert(client.items.filter(({ type }) => type === "message").length >= 2);
  client.frame([{ type: "open", id: 3, method, requireLeader: false, creditBytes: 9, body }]);
  client.frame([{ type: "message", id: 3, body }]);
  await client.until(() => client.items.some(({ type }) => type === "error"));
  server.close();
});

Deno.test("MultiplexServer answers a ping at once, and each part that asks", async () => {
  const { server, client: connect } = setUp();
  const client = connect();
  await client.greet();
  client.raw(Uint8Array.of(2));
  await client.until(() => client.messages.length === 2);
  assertEquals(client.messages[1], Uint8Array.of(0));
  const frame = Uint8Array.of(...get(1, "k").body);
  client.raw(Uint8Array.of(3, 1, 1, 1, 0));
  await client.until(() => client.messages.length === 3);
  assertEquals(client.items, []);
  client.raw(Uint8Array.of(0, frame.length, ...frame));
  assertEquals((await client.answers(1)).length, 1);
  server.close();
});

Deno.test("MultiplexServer closes a connection that breaks the rules", async () => {
  type Row = readonly [what: string, code: number, (client: RawClient) => void | Promise<void>];
  const greeted = (act: (client: RawClient) => void) => async (client: RawClient) => {
    await client.greet();
    act(client);
  };
  const rows: readonly Row[] = [
    ["without flags", 4400, (client) => client.raw(new Uint8Array(0))],
    ["no KVRM", 4400, (client) => client.raw(new Uint8Array(20))],
    ["version 1, not 2", 4426, (client) => client.greet(2)],
    ["unknown type 9", 4400, greeted((client) => client.raw(Uint8Array.of(0, 9, 1)))],
    ["a frame of", 4400, greeted((client) => client.raw(new Uint8Array(2_000)))],
    [
      "more calls",
      4400,
      greeted((client) => client.frame(Array.from({ length: 5 }, (_, i) => get(i + 1, "k")))),
    ],
    [
      "more streams",
      4400,
      greeted((client) => client.frame([watch(1, 9), watch(2, 9), watch(3, 9)])),
    ],
    [
      "a call that waits, twice",
      4400,
      greeted((client) => client.frame([lock(1), lock(2), lock(2)])),
    ],
    ["or one twice", 4400, greeted((client) => client.frame([watch(1, 9), watch(1, 9)]))],
  ];
  const { server, client: connect } = setUp({ frameBytesMax: 1_000, callsMax: 4, streamsMax: 2 });
  for (const [text, code, act] of rows) {
    const client = connect();
    await act(client);
    await client.until(() => client.closed !== null);
    assertEquals([client.closed?.code, text], [code, text]);
    assertStringIncludes(client.closed?.reason ?? "", text);
  }
  assertEquals(server.connectionCount, 0);
  server.close();
});

Deno.test("MultiplexServer closes silent connections and keeps others", async () => {
  const { server, client: connect, pass } = setUp({ helloMs: 1_000, idleMs: 5_000 });
  const [mute, idle, alive] = [connect(), connect(), connect()];
  await idle.greet();
  await alive.greet();
  pass(1_001);
  await mute.until(() => mute.closed !== null);
  assertEquals(mute.closed?.code, 4408);
  for (let round = 0; round < 4; round++) {
    const heard = alive.messages.length;
    alive.raw(Uint8Array.of(2));
    await alive.until(() => alive.messages.length > heard);
    pass(1_001);
  }
  await idle.until(() => idle.closed !== null);
  assertEquals([idle.closed?.code, alive.closed], [4408, null]);
  server.close();
  await alive.until(() => alive.closed !== null);
  assertEquals(alive.closed?.code, 4503);
});

Deno.test("MultiplexServer takes only so many connections, and ends calls with theirs", async () => {
  const { server, replica, client: connect } = setUp({ connectionsMax: 2 });
  const [one, two] = [connect(), connect()];
  await one.greet();
  await two.greet();
  assert(server.isFull);
  const three = connect();
  await three.until(() => three.closed !== null);
  assertEquals(three.closed?.code, 4503);
  one.frame([watch(1, 1_000), put(2, "w")]);
  await one.answers(3);
  one.close();
  await one.until(() => one.closed !== null);
  assertEquals([server.connectionCount, server.isFull], [1, false]);
  await replica.propose(1, put(1, "w").body);
  assertEquals(one.items.length, 3, "nothing more is sent");
  server.close();
});

Deno.test("MultiplexServer ends a wait with its connection, by a cancel and by its deadline", async () => {
  const { server, replica, client: connect } = setUp();
  const client = connect();
  await client.greet();
  client.frame([lock(1)]);
  await client.answers(1);
  const standing = () =>
    replica.machine.store.range(create(RangeRequest, {
      key: text("job/"),
      rangeEnd: text("job0"),
    }));
  const count = () => {
    const range = standing();
    assert(typeof range !== "string");
    return range.count;
  };
  client.frame([{ ...lock(2), deadlineMs: 5 }, lock(3)]);
  const [late] = (await client.answers(2)).slice(-1);
  assertEquals([late.type, late.id, late.type === "error" && late.code], ["error", 2, 4]);
  client.frame([{ type: "cancel", id: 3 }]);
  const [cancelled] = (await client.answers(3)).slice(-1);
  assertEquals([cancelled.id, cancelled.type === "error" && cancelled.code], [3, 1]);
  assertEquals(count(), 1);
  const other = connect();
  await other.greet();
  other.frame([lock(1)]);
  other.raw(Uint8Array.of(2));
  await other.until(() => other.messages.length > 1);
  other.close();
  await other.until(() => other.closed !== null);
  while (count() > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  server.close();
});

Deno.test("MultiplexServer gives up a client that does not read", async () => {
  const { server } = setUp({ unsentBytesMax: 1_000 });
  const [ours, theirs] = channelPair();
  let bufferedBytes = 0;
  server.attach({
    get bufferedBytes() {
      return bufferedBytes;
    },
    start: (handler) => ours.start(handler),
    send: (bytes) => ours.send(bytes),
    close: (code, reason) => ours.close(code, reason),
  });
  const client = new RawClient(theirs);
  await client.greet();
  bufferedBytes = 1_001;
  client.frame([get(1, "k")]);
  await client.until(() => client.closed !== null);
  assertEquals([client.closed?.code, client.items], [4408, []]);
  server.close();
});

Deno.test("MultiplexServer survives any items and messages", async () => {
  const { server, errors, client: connect } = setUp({ frameBytesMax: 10_000 });
  const knownMethods = fc.array(requestItem, { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(knownMethods, fc.array(fc.uint8Array()), async (items, messages) => {
      const [hostile, honest] = [connect(), connect()];
      await hostile.greet();
      await honest.greet();
      hostile.frame(items);
      for (const message of messages) hostile.raw(message);
      honest.frame([get(1, "k")]);
      assertEquals((await honest.answers(1))[0].type, "answer");
      hostile.close();
      honest.close();
      await hostile.until(() => hostile.closed !== null);
      await honest.until(() => honest.closed !== null);
    }),
    { numRuns: 300 },
  );
  assertEquals(server.connectionCount, 0);
  assertEquals(errors, []);
  server.close();
});
