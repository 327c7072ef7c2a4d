import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { MemberId } from "../base/ids.ts";
import { readInstanceId, readText, readTexts, writeText, writeTexts } from "./member.ts";

/** What a replica says of itself when it has started: the body of a MemberAttributes command. */
export interface MemberAttributes {
  readonly id: MemberId;
  readonly name: string;
  readonly clientUrls: readonly string[];
  /** The storage that holds the replica: 16 bytes. */
  readonly instanceId: Uint8Array;
}

const ATTRIBUTES_VERSION = 1;

/** The body of a MemberAttributes command. */
export function encodeMemberAttributes(attributes: MemberAttributes): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(ATTRIBUTES_VERSION);
  writer.uint64(attributes.id);
  writeText(writer, attributes.name);
  writeTexts(writer, attributes.clientUrls);
  writer.bytes(attributes.instanceId);
  return writer.copy();
}

/** Reads what {@linkcode encodeMemberAttributes} wrote. */
export function decodeMemberAttributes(bytes: Uint8Array): MemberAttributes {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== ATTRIBUTES_VERSION) {
    throw new MalformedBytesError(`Cannot read member attributes of version ${version}`);
  }
  return {
    id: reader.uint64(),
    name: readText(reader),
    clientUrls: readTexts(reader),
    instanceId: readInstanceId(reader),
  };
}
