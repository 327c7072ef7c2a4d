import { assert, assertEquals, assertRejects } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { connect, KvorumError } from "../../src/client/mod.ts";
import { ServerStream } from "../../src/client/server_stream.ts";
import { decodeRequests } from "../../src/proto/multiplex/frame.ts";
import type { Channel } from "../../src/proto/multiplex/channel.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { take } from "./transport_suite.ts";

Deno.test("connect() keeps to the limits that the server states", async () => {
  const replica = new LocalReplica();
  using server = new MultiplexServer({ replica, limits: { callsMax: 8, callBytesMax: 2_000 } });
  let connections = 0;
  await using client = connect(() => (connections++, server.connect()));
  const puts = Array.from({ length: 500 }, (_, i) => client.put(`k${i}`, "x".repeat(i)));
  await Promise.all(puts);
  // Calls that are given up still count until the server has answered them.
  const { linearize } = replica;
  const answers: (() => void)[] = [];
  replica.linearize = () => new Promise((resolve) => answers.push(resolve));
  const late = Array.from({ length: 20 }, () => client.get("k1", { deadlineMs: 1 }));
  for (const get of late) await assertRejects(() => get, KvorumError);
  assertEquals(answers.length, 8);
  replica.linearize = linearize;
  const next = client.get("k1");
  for (const answer of answers) answer();
  assertEquals((await next)?.text(), "x");
  assertEquals(connections, 1);
});

Deno.test("connect() never lets writes run too far ahead of an open one", async () => {
  const replica = new LocalReplica();
  using server = new MultiplexServer({ replica });
  await using client = connect(() => server.connect());
  const { propose } = replica;
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  const sequences: number[] = [];
  replica.propose = async (kind, body, options) => {
    const sequence = options?.identity?.sequence ?? 0;
    sequences.push(sequence);
    if (sequence === 1) await held;
    return await propose.call(replica, kind, body, options);
  };
  const puts = Array.from({ length: 3_000 }, (_, i) => client.put(`k${i}`, ""));
  await Promise.all(puts.slice(1, 1_000));
  assertEquals(Math.max(...sequences), 1_000);
  release();
  await Promise.all(puts);
  assertEquals(Math.max(...sequences), 3_000);
});

Deno.test("connect() tells the server how long it waits for each answer", async () => {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  const messages: Uint8Array[] = [];
  await using client = connect(() => {
    const channel = server.connect();
    const send = (bytes: Uint8Array<ArrayBuffer>) => {
      messages.push(bytes.slice());
      channel.send(bytes);
    };
    return {
      bufferedBytes: 0,
      start: (handler) => channel.start(handler),
      send,
      close: (code, reason) => channel.close(code, reason),
    };
  }, { deadlineMs: 7_000 });
  await client.get("hello");
  messages.length = 0;
  await client.get("a");
  await client.put("a", "1", { deadlineMs: 90_000 });
  await client.get("a", { deadlineMs: Infinity });
  const calls = messages.filter(({ length }) => length > 1)
    .flatMap((message) => decodeRequests(message.subarray(1)))
    .filter((item) => item.type === "call");
  const seconds = calls.map(({ deadlineMs }) => Math.ceil(deadlineMs / 10_000));
  assertEquals(seconds, [1, 9, 0]);
});

Deno.test("Watch leaves at the server what its consumer does not take", async () => {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  await using writer = connect(() => server.connect());
  let receivedBytes = 0;
  await using reader = connect(() => counted(server.connect(), (bytes) => receivedBytes += bytes));
  const watch = reader.watch("k", { startRevision: 1 });
  await watch.opened();
  const value = new Uint8Array(10_000);
  for (let i = 0; i < 500; i++) await writer.put("k", value);
  await reader.get("k");
  assert(receivedBytes < ServerStream.CREDIT_BYTES + 1_100_000, `${receivedBytes} bytes came`);
  const batches = await take(watch, 500);
  assertEquals(
    batches.map(({ revision }) => revision),
    Array.from({ length: 500 }, (_, i) => i + 2),
  );
  assert(receivedBytes > 5_000_000);
});

/** A channel that tells how many bytes come over it. */
function counted(channel: Channel, onBytes: (byteLength: number) => void): Channel {
  return {
    bufferedBytes: 0,
    start: (handler) =>
      channel.start({
        onOpen: () => handler.onOpen(),
        onMessage(bytes) {
          onBytes(bytes.length);
          handler.onMessage(bytes);
        },
        onClose: (code, reason) => handler.onClose(code, reason),
      }),
    send: (bytes) => channel.send(bytes),
    close: (code, reason) => channel.close(code, reason),
  };
}
