import fc from "fast-check";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { concatBytes } from "../../src/base/bytes.ts";
import { crc32 } from "../../src/base/crc32.ts";
import type { ClusterId, MemberId } from "../../src/base/ids.ts";
import type { Prng } from "../../src/base/prng.ts";
import {
  writeCallHead,
  writeCancel,
  writeCredit,
  writeOpenHead,
} from "../../src/proto/multiplex/frame.ts";
import { MULTIPLEX_PATH, writeClientHello } from "../../src/proto/multiplex/hello.ts";
import { methodNumber } from "../../src/proto/multiplex/method.ts";
import { beginFrame as beginPeerFrame, endFrame, FrameKind } from "../../src/transport/frame.ts";
import { encodeHello } from "../../src/transport/hello.ts";
import { encodeMessagesFrame } from "../../src/transport/peer_codec.ts";
import { PEER_PATH } from "../../src/transport/websocket.ts";
import { ascii } from "../http2/raw_client.ts";
import { anyMessage, FROM, TO } from "../transport/messages.ts";
import { type Conversation, pick, randomBytes, type Spoil } from "./conversation.ts";
import { sampleRequest } from "./requests.ts";

const WATCH = "/etcdserverpb.Watch/Watch";

function upgrade(path: string): Uint8Array {
  return ascii(
    `GET ${path} HTTP/1.1\r\nhost: kvorum.test\r\nupgrade: websocket\r\n` +
      "connection: Upgrade\r\nsec-websocket-version: 13\r\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
}

/** A masked frame of a WebSocket, which now and then says what no client may. Ref: RFC 6455 §5.2. */
function socketFrame(prng: Prng, payload: Uint8Array): Uint8Array {
  const opcode = prng.chance(0.95) ? 2 : prng.between(0, 16);
  const isLie = prng.chance(0.02);
  const header = new Uint8Array(14);
  const view = new DataView(header.buffer);
  header[0] = (prng.chance(0.97) ? 0x80 : 0) | opcode;
  header[1] = 0x80 | 127;
  view.setBigUint64(2, isLie ? pick(prng, [2n ** 31n, 2n ** 62n, 70n]) : BigInt(payload.length));
  // The mask of zeros that the rest of the header is leaves the payload as it is.
  return concatBytes([header, payload]);
}

/** The multiplexed protocol: a hello, then frames with calls, streams, credit and cancels. */
export function multiplexConversation(prng: Prng, spoil: Spoil): Uint8Array[] {
  const pieces = [upgrade(MULTIPLEX_PATH)];
  const send = (write: (writer: ByteWriter) => void) => {
    const writer = new ByteWriter();
    write(writer);
    const flags = prng.chance(0.9) ? prng.between(0, 4) : prng.between(0, 256);
    pieces.push(socketFrame(prng, concatBytes([Uint8Array.of(flags & ~1), spoil(writer.view())])));
  };
  const client = BigInt(1 + prng.between(0, 2 ** 31));
  send((writer) => writeClientHello({ version: 1, client }, writer));
  for (let frames = prng.between(1, 4), id = 1; frames > 0; frames--) {
    send((writer) => {
      for (let items = prng.between(1, 6); items > 0; items--, id++) {
        const request = sampleRequest(prng);
        const method = methodNumber(request.method) ?? prng.between(0, 256);
        if (request.method === WATCH) {
          writeOpenHead({ id, method, requireLeader: false, creditBytes: 500 }, writer);
        } else {
          writeCallHead(id, method, prng.chance(0.3) ? id : 0, prng.between(0, 90), false, writer);
        }
        writer.bytes(spoil(request.bytes));
        if (prng.chance(0.2)) writeCredit(id, 1_000, writer);
        if (prng.chance(0.2)) writeCancel(id, writer);
      }
    });
  }
  return pieces;
}

/** Whom the peer port belongs to. */
export interface PeerAddress {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
}

/** As many different messages between peers as there are lengths to go wrong in them. */
const MESSAGES = fc.sample(anyMessage, { numRuns: 300, seed: 1 });

/**
 * The protocol of the replicas, up to the point where a message would be believed. Why no further:
 * Raft trusts its members, so frames come in another's name than the connection's, which is seen
 * only after all of the frame was read.
 */
export function peerConversation({ clusterId, memberId }: PeerAddress): Conversation {
  return (prng, spoil) => {
    const from = BigInt(1 + prng.between(0, 2 ** 31));
    const identity = { clusterId, memberId: from, storageId: randomBytes(prng, 16) };
    const resum = (frame: Uint8Array): Uint8Array => {
      const rest = spoil(frame.slice(4));
      const sum = new ByteWriter();
      sum.uint32(crc32(rest));
      return concatBytes([sum.view(), rest]);
    };
    const ping = new ByteWriter();
    beginPeerFrame(ping, FrameKind.Ping);
    const pieces = [upgrade(PEER_PATH)];
    pieces.push(socketFrame(prng, resum(encodeHello(identity, memberId))));
    if (prng.chance(0.7)) pieces.push(socketFrame(prng, endFrame(ping)));
    for (let left = prng.between(0, 4); left > 0; left--) {
      const messages = Array.from({ length: prng.between(0, 4) }, () => pick(prng, MESSAGES));
      pieces.push(socketFrame(prng, resum(encodeMessagesFrame(FROM, TO, messages))));
    }
    return pieces;
  };
}
