import { assert } from "../base/assert.ts";
import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { crc32 } from "../base/crc32.ts";
import type { ClusterId, MemberId } from "../base/ids.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";

/** A member of a cluster at the moment when a replica was made. */
export interface InitialMember {
  readonly id: MemberId;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/**
 * Who a replica is. Written once, when its storage is used for the first time, and never changed:
 * whatever else a replica knows can be had from the others again, but not this.
 */
export interface ReplicaIdentity {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /**
   * 16 random bytes that name this very storage. Safety: a member that comes back with its identity
   * but without its data has broken its promises (its vote, its acknowledgements); the others tell by
   * this and refuse it.
   */
  readonly instanceId: Uint8Array;
  /** The members that the cluster began with; empty for a replica that joined a running cluster. */
  readonly initialMembers: readonly InitialMember[];
}

/** How many bytes an instance id has. */
export const INSTANCE_ID_BYTES = 16;
const VERSION = 1;

/** Encodes an identity for {@linkcode LogStore.saveIdentity}. */
export function encodeIdentity(identity: ReplicaIdentity): Uint8Array {
  assert(identity.instanceId.length === INSTANCE_ID_BYTES, "An instance id has 16 bytes");
  const writer = new ByteWriter();
  writer.byte(VERSION);
  writer.uint64(identity.clusterId);
  writer.uint64(identity.memberId);
  writer.raw(identity.instanceId);
  writer.varint(identity.initialMembers.length);
  for (const member of identity.initialMembers) {
    writer.uint64(member.id);
    writer.bytes(encodeUtf8(member.name));
    writer.varint(member.peerUrls.length);
    for (const url of member.peerUrls) writer.bytes(encodeUtf8(url));
    writer.byte(member.isLearner ? 1 : 0);
  }
  writer.uint32(crc32(writer.view()));
  return writer.copy();
}

/** Decodes what {@linkcode encodeIdentity} made. @throws {MalformedBytesError} on anything else. */
export function decodeIdentity(bytes: Uint8Array): ReplicaIdentity {
  const bodyEnd = bytes.length - 4;
  if (bodyEnd < 0 || new ByteReader(bytes, bodyEnd).uint32() !== crc32(bytes, 0, 0, bodyEnd)) {
    throw new MalformedBytesError("Cannot read the replica's identity: its checksum is wrong");
  }
  const reader = new ByteReader(bytes, 0, bodyEnd);
  const version = reader.byte();
  if (version !== VERSION) {
    throw new MalformedBytesError(`Cannot read a replica's identity of version ${version}`);
  }
  const clusterId = reader.uint64();
  const memberId = reader.uint64();
  const instanceId = reader.raw(INSTANCE_ID_BYTES).slice();
  const initialMembers: InitialMember[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const id = reader.uint64();
    const name = decodeUtf8(reader.bytes());
    const peerUrls: string[] = [];
    for (let urls = reader.varint(); urls > 0; urls--) peerUrls.push(decodeUtf8(reader.bytes()));
    initialMembers.push({ id, name, peerUrls, isLearner: reader.byte() === 1 });
  }
  return { clusterId, memberId, instanceId, initialMembers };
}
