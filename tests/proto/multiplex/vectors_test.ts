// Golden messages: every release must write and read these bytes in the same way.
import { assertEquals } from "@std/assert";
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import { create, encodeToBytes } from "../../../src/proto/codec.ts";
import { PutRequest } from "../../../src/proto/kv.ts";
import {
  type AnswerItems,
  decodeAnswers,
  decodeRequests,
  type RequestItem,
} from "../../../src/proto/multiplex/frame.ts";
import {
  type ClientHello,
  decodeClientHello,
  decodeServerHello,
  type ServerHello,
  writeClientHello,
  writeServerHello,
} from "../../../src/proto/multiplex/hello.ts";
import { methodNumber } from "../../../src/proto/multiplex/method.ts";
import { encodeItems } from "./items.ts";

const FOLDER = new URL("../../vectors/websocket/", import.meta.url);
const text = (of: string) => new TextEncoder().encode(of);

const PUT = encodeToBytes(
  PutRequest,
  create(PutRequest, { key: text("key"), value: text("value") }),
);

const CLIENT_HELLO: ClientHello = { version: 1, client: 0x0123456789abcdefn };
const SERVER_HELLO: ServerHello = {
  version: 1,
  clusterId: 0xc1n,
  memberId: 0xa2n,
  isLeader: true,
  frameBytesMax: 4_194_304,
  callsMax: 4_096,
  callBytesMax: 16_777_216,
  streamsMax: 10_000,
  idleMs: 60_000,
};

const REQUESTS: readonly RequestItem[] = [
  {
    ...{ type: "call", id: 1, method: 2, sequence: 300, deadlineMs: 0, requireLeader: false },
    body: PUT,
  },
  {
    ...{ type: "call", id: 2, method: 50, sequence: 0, deadlineMs: 1_500, requireLeader: true },
    body: text("name"),
  },
  { type: "open", id: 3, method: 10, requireLeader: true, creditBytes: 262_144, body: text("w") },
  { type: "message", id: 3, body: text("more") },
  { type: "credit", id: 3, bytes: 131_072 },
  { type: "cancel", id: 2 },
];

const ANSWERS: readonly AnswerItems[] = [
  { type: "answer", id: 1, body: text("done") },
  { type: "error", id: 2, code: 14, message: "etcdserver: no leader" },
  { type: "message", id: 3, body: text("event") },
  { type: "end", id: 3 },
];

function check(name: string, bytes: Uint8Array): Uint8Array {
  const hex = Deno.readTextFileSync(new URL(`${name}.hex`, FOLDER)).replaceAll(/\s/g, "");
  assertEquals(bytes.toHex(), hex, name);
  return Uint8Array.fromHex(hex);
}

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.copy();
}

Deno.test("frames of the multiplexed protocol are the golden ones", () => {
  const hello = check("client_hello", written((writer) => writeClientHello(CLIENT_HELLO, writer)));
  assertEquals(decodeClientHello(hello), CLIENT_HELLO);
  const answer = check("server_hello", written((writer) => writeServerHello(SERVER_HELLO, writer)));
  assertEquals(decodeServerHello(answer), SERVER_HELLO);
  assertEquals(decodeRequests(check("requests", encodeItems(REQUESTS))), [...REQUESTS]);
  assertEquals(decodeAnswers(check("answers", encodeItems(ANSWERS))), [...ANSWERS]);
});

Deno.test("methodNumber() has not changed", () => {
  const lines = Deno.readTextFileSync(new URL("methods.txt", FOLDER)).trim().split("\n");
  for (const line of lines) {
    const [number, name] = line.split(" ");
    assertEquals(methodNumber(name), Number(number), name);
  }
});
