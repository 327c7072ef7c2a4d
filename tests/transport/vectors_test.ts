import { assertEquals } from "@std/assert";
import { encodeHello } from "../../src/transport/hello.ts";
import { decodeMessagesFrame, encodeMessagesFrame } from "../../src/transport/peer_codec.ts";
import type { PeerMessage } from "../../src/transport/peer_message.ts";
import { FROM, TO } from "./messages.ts";

// What is in these files was sent by some released version. When the format changes on purpose, the
// protocol version changes too, and the files are written again with KVORUM_WRITE_VECTORS=1.
const FOLDER = new URL("../vectors/peer/", import.meta.url);

const text = (value: string) => new TextEncoder().encode(value);
const envelope = { from: FROM, to: TO, term: 7 };
const configuration = {
  voters: [1n, 2n, 3n],
  outgoing: [1n, 2n, TO],
  learners: [4n],
  learnersNext: [TO],
  autoLeave: true,
};
const manifest = {
  index: 900,
  term: 6,
  configuration,
  header: text("header"),
  segments: [{ id: "a1", byteLength: 1_048_576 }, { id: "b2", byteLength: 17 }],
};

const VECTORS: Record<string, PeerMessage[]> = {
  vote: [
    { type: "vote", ...envelope, preVote: true, lastIndex: 300, lastTerm: 6, transfer: false },
    { type: "vote", ...envelope, preVote: false, lastIndex: 300, lastTerm: 6, transfer: true },
    {
      type: "voteAnswer",
      ...envelope,
      preVote: true,
      granted: false,
      commit: 301,
      commitTerm: 6,
    },
    { type: "voteAnswer", ...envelope, preVote: false, granted: true, commit: 0, commitTerm: 0 },
  ],
  append: [
    {
      type: "append",
      ...envelope,
      prevIndex: 300,
      prevTerm: 6,
      entries: [
        { term: 7, index: 301, kind: 0, data: new Uint8Array() },
        { term: 7, index: 302, kind: 1, data: text("batch") },
        { term: 7, index: 303, kind: 2, data: text("change") },
      ],
      commit: 299,
    },
    {
      type: "appendAnswer",
      ...envelope,
      rejected: true,
      index: Number.MAX_SAFE_INTEGER,
      hintIndex: 250,
      hintTerm: 5,
    },
  ],
  heartbeat: [
    { type: "heartbeat", ...envelope, commit: 301, readContext: 12 },
    { type: "leaseClock", term: 7, readingMs: 123_456_789 },
    { type: "heartbeatAnswer", ...envelope, readContext: 12 },
    { type: "readIndex", ...envelope, context: 2 ** 40 },
    { type: "readIndexAnswer", ...envelope, context: 2 ** 40, index: 301 },
    { type: "timeoutNow", ...envelope },
  ],
  snapshot: [
    { type: "snapshot", ...envelope, snapshot: { index: 900, term: 6, configuration } },
    { type: "manifestRequest", index: 900 },
    { type: "manifestAnswer", index: 900, manifest },
    { type: "manifestAnswer", index: 901, manifest: null },
    { type: "chunkRequest", index: 900, segmentId: "a1", offset: 65_536 },
    { type: "chunkAnswer", index: 900, segmentId: "a1", offset: 65_536, bytes: text("chunk") },
    { type: "chunkAnswer", index: 900, segmentId: "b2", offset: 0, bytes: null },
  ],
  call: [
    { type: "forward", batch: text("batch") },
    { type: "call", id: 5, method: "lease/keepAlive", body: text("body") },
    { type: "callAnswer", id: 5, error: null, body: text("answer") },
    { type: "callAnswer", id: 6, error: "kein Führer", body: new Uint8Array() },
  ],
};

function checkVector(name: string, bytes: Uint8Array): Uint8Array {
  const file = new URL(`${name}.hex`, FOLDER);
  if (Deno.env.get("KVORUM_WRITE_VECTORS")) {
    Deno.writeTextFileSync(file, bytes.toHex().replace(/.{64}/g, "$&\n").trimEnd() + "\n");
  }
  const golden = Uint8Array.fromHex(Deno.readTextFileSync(file).replace(/\s/g, ""));
  assertEquals(bytes.toHex(), golden.toHex(), `${name}.hex differs`);
  return golden;
}

for (const [name, messages] of Object.entries(VECTORS)) {
  Deno.test(`encodeMessagesFrame() writes what tests/vectors/peer/${name}.hex holds`, () => {
    const golden = checkVector(name, encodeMessagesFrame(FROM, TO, messages));
    assertEquals(decodeMessagesFrame(golden), { from: FROM, to: TO, messages });
  });
}

Deno.test("encodeHello() writes what tests/vectors/peer/hello.hex holds", () => {
  const storageId = Uint8Array.from({ length: 16 }, (_, i) => i);
  const identity = { clusterId: 0xc1n, memberId: FROM, storageId };
  checkVector("hello", encodeHello(identity, TO));
});
