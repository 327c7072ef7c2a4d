import fc from "fast-check";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { Message } from "../../src/raft/message.ts";
import type { PeerMessage } from "../../src/transport/peer_message.ts";

/** Sender and receiver of all messages that the tests make. */
export const FROM = 0x0123_4567_89ab_cdefn;
export const TO = 0xfedc_ba98_7654_3210n;

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const members = fc.uniqueArray(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), { maxLength: 5 })
  .map((ids) => ids.sort((a, b) => (a < b ? -1 : 1)));
const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: members,
  outgoing: members,
  learners: members,
  learnersNext: members,
  autoLeave: fc.boolean(),
}, { noNullPrototype: true });

const entryParts = fc.record({ term: number, kind: fc.constantFrom(0, 1, 2), data: bytes });
const append: fc.Arbitrary<Message> = fc.record({
  prevIndex: fc.nat(2 ** 40),
  prevTerm: number,
  commit: number,
  term: number,
  parts: fc.array(entryParts, { maxLength: 6 }),
}).map(({ prevIndex, prevTerm, commit, term, parts }) => ({
  type: "append",
  from: FROM,
  to: TO,
  term,
  prevIndex,
  prevTerm,
  entries: parts.map(({ term, kind, data }, i) => ({
    term,
    index: prevIndex + 1 + i,
    kind: kind as 0 | 1 | 2,
    data,
  })),
  commit,
}));

function raft<T extends Message["type"]>(
  type: T,
  rest: { [K in keyof Extract<Message, { type: T }>]?: fc.Arbitrary<unknown> },
): fc.Arbitrary<Message> {
  const all = { type: fc.constant(type), from: fc.constant(FROM), to: fc.constant(TO), ...rest };
  return fc.record({ ...all, term: number }, { noNullPrototype: true }) as fc.Arbitrary<Message>;
}

function plain(type: string, rest: Record<string, fc.Arbitrary<unknown>>) {
  const model = { type: fc.constant(type), ...rest };
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<unknown> as fc.Arbitrary<
    PeerMessage
  >;
}

const bool = fc.boolean();
const snapshot = fc.record({ index: number, term: number, configuration }, {
  noNullPrototype: true,
});
const manifest = fc.record({
  index: number,
  term: number,
  configuration,
  header: bytes,
  segments: fc.array(fc.record({ id: text, byteLength: number }, { noNullPrototype: true }), {
    maxLength: 5,
  }),
}, { noNullPrototype: true });

/** Any message, with byte fields that are small and numbers that may be huge. */
export const anyMessage: fc.Arbitrary<PeerMessage> = fc.oneof(
  append,
  raft("vote", { preVote: bool, lastIndex: number, lastTerm: number, transfer: bool }),
  raft("voteAnswer", { preVote: bool, granted: bool, commit: number, commitTerm: number }),
  raft("appendAnswer", { rejected: bool, index: number, hintIndex: number, hintTerm: number }),
  raft("heartbeat", { commit: number, readContext: number }),
  raft("heartbeatAnswer", { readContext: number }),
  raft("snapshot", { snapshot }),
  raft("readIndex", { context: number }),
  raft("readIndexAnswer", { context: number, index: number }),
  raft("timeoutNow", {}),
  plain("forward", { batch: bytes }),
  plain("manifestRequest", { index: number }),
  plain("manifestAnswer", { index: number, manifest: fc.option(manifest) }),
  plain("chunkRequest", { index: number, segmentId: text, offset: number }),
  plain("chunkAnswer", { index: number, segmentId: text, offset: number, bytes: fc.option(bytes) }),
  plain("call", { id: number, method: text, body: bytes }),
  plain("callAnswer", { id: number, error: fc.option(text), body: bytes }),
  plain("leaseClock", { term: number, readingMs: number }),
);

/** A message of `byteLength` bytes that says which one it is. */
export function forward(byteLength: number, first = 0): PeerMessage {
  const batch = new Uint8Array(byteLength);
  if (byteLength > 0) batch[0] = first;
  return { type: "forward", batch };
}
