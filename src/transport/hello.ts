import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { type ClusterId, formatId, type MemberId, NO_MEMBER } from "../base/ids.ts";
import { CloseCode, type Refusal } from "./close_code.ts";
import { beginFrame, endFrame, expectEnd, FrameKind, PEER_PROTOCOL_VERSION } from "./frame.ts";

/** "KVRM": a peer that begins otherwise is no replica. */
const MAGIC = 0x4d52564b;
/** How many bytes the identity of a storage has. */
export const STORAGE_ID_BYTES = 16;

/** Who a replica is. */
export interface Identity {
  /** Derived from the initial members and the cluster token, so both are compared with it. */
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** Sixteen random bytes that its storage got when it was created: a wiped one has others. */
  readonly storageId: Uint8Array;
}

/** The first frame in each direction. */
export interface Hello {
  readonly version: number;
  readonly clusterId: ClusterId;
  /** Who speaks. */
  readonly from: MemberId;
  /** Whom the speaker means to speak to. */
  readonly to: MemberId;
  readonly storageId: Uint8Array;
}

/** Decides whether a member may connect, after cluster, version and addressee were found right. */
export type Admit = (hello: Hello) => Refusal | null;

/** The frame with which a replica says who it is. */
export function encodeHello(identity: Identity, to: MemberId): Uint8Array {
  const writer = new ByteWriter(64);
  beginFrame(writer, FrameKind.Hello);
  writer.uint32(MAGIC);
  writer.uint64(identity.clusterId);
  writer.uint64(identity.memberId);
  writer.uint64(to);
  writer.raw(identity.storageId);
  return endFrame(writer);
}

/** Reads the body of a hello frame. What a later version appends is not looked at. */
export function decodeHello(version: number, body: ByteReader): Hello {
  if (body.uint32() !== MAGIC) {
    throw new MalformedBytesError("Cannot read the hello: this is not a Kvorum replica");
  }
  const clusterId = body.uint64();
  const from = body.uint64();
  const to = body.uint64();
  const storageId = body.raw(STORAGE_ID_BYTES).slice();
  if (from === NO_MEMBER) throw new MalformedBytesError("Cannot read the hello: it names nobody");
  if (version === PEER_PROTOCOL_VERSION) expectEnd(body);
  return { version, clusterId, from, to, storageId };
}

/**
 * Why the sender of a hello cannot be spoken to at all, or null. Membership is not judged here.
 * `dialled` is the member that was dialled, or null when the peer dialled us.
 */
export function refuseHello(
  hello: Hello,
  self: Identity,
  dialled: MemberId | null,
): Refusal | null {
  if (hello.version !== PEER_PROTOCOL_VERSION) {
    const reason = `protocol version mismatch: peer speaks ${hello.version}, this replica ` +
      `${PEER_PROTOCOL_VERSION}; run the same release on both`;
    return { code: CloseCode.WrongVersion, reason };
  }
  if (hello.clusterId !== self.clusterId) {
    const reason = `cluster ID mismatch: peer has ${formatId(hello.clusterId)}, not ` +
      `${formatId(self.clusterId)}; check --initial-cluster-token and --initial-cluster`;
    return { code: CloseCode.WrongCluster, reason };
  }
  return refuseMember(hello, self, dialled);
}

function refuseMember(hello: Hello, self: Identity, dialled: MemberId | null): Refusal | null {
  const code = CloseCode.WrongMember;
  if (hello.to !== self.memberId) {
    const reason = `member ID mismatch: peer looks for ${formatId(hello.to)}, this is ` +
      `${formatId(self.memberId)}; check its URL in --initial-cluster`;
    return { code, reason };
  }
  if (hello.from === self.memberId) {
    const reason = `member ID ${formatId(hello.from)} is this replica's own; two replicas run ` +
      `with one name, or one dialled itself`;
    return { code, reason };
  }
  if (dialled !== null && hello.from !== dialled) {
    const reason = `member ID mismatch: dialled ${formatId(dialled)}, met ` +
      `${formatId(hello.from)}; check its URL in --initial-cluster`;
    return { code, reason };
  }
  return null;
}
