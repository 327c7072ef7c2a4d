import { type ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";

/** One replica as the cluster knows it. */
export interface Member {
  readonly id: MemberId;
  /** Chosen by its operator and published when it starts; empty until then. */
  readonly name: string;
  /** Where other replicas reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it; empty until it starts. */
  readonly clientUrls: readonly string[];
  /** Whether it receives the log without a vote. */
  readonly isLearner: boolean;
  /** The storage that holds the replica, 16 bytes drawn when it was made; empty while unknown. */
  readonly instanceId: Uint8Array;
}

/** Whether the replica has ever started and said its name. */
export function isStarted(member: Member): boolean {
  return member.name !== "";
}

/** What a storage's instance id has, if it is there at all. */
export const INSTANCE_ID_BYTES = 16;

/** No honest member has more addresses of one sort; a guard against damaged counts. */
const URLS_MAX = 1_024;

/** Appends a member. */
export function writeMember(writer: ByteWriter, member: Member): void {
  writer.uint64(member.id);
  writeText(writer, member.name);
  writeTexts(writer, member.peerUrls);
  writeTexts(writer, member.clientUrls);
  writer.byte(member.isLearner ? 1 : 0);
  writer.bytes(member.instanceId);
}

/** Reads what {@linkcode writeMember} wrote. */
export function readMember(reader: ByteReader): Member {
  return {
    id: reader.uint64(),
    name: readText(reader),
    peerUrls: readTexts(reader),
    clientUrls: readTexts(reader),
    isLearner: reader.byte() !== 0,
    instanceId: readInstanceId(reader),
  };
}

/** Appends a string as UTF-8 after its length. */
export function writeText(writer: ByteWriter, text: string): void {
  writer.bytes(encodeUtf8(text));
}

/** Reads what {@linkcode writeText} wrote. */
export function readText(reader: ByteReader): string {
  return decodeUtf8(reader.bytes());
}

/** Appends a list of strings. */
export function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) writeText(writer, text);
}

/** Reads what {@linkcode writeTexts} wrote. */
export function readTexts(reader: ByteReader): string[] {
  const count = reader.varint();
  if (count > URLS_MAX) throw new MalformedBytesError(`Cannot read a list of ${count} addresses`);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(readText(reader));
  return texts;
}

/** Reads an instance id as bytes of its own; it is empty or of 16 bytes. */
export function readInstanceId(reader: ByteReader): Uint8Array {
  const instanceId = reader.bytes();
  if (instanceId.length !== 0 && instanceId.length !== INSTANCE_ID_BYTES) {
    throw new MalformedBytesError(`Cannot read an instance id of ${instanceId.length} bytes`);
  }
  return instanceId.slice();
}
