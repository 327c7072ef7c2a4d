import { ByteReader, MalformedBytesError } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import type { MemberId } from "../base/ids.ts";
import { readInstanceId, readTexts, writeTexts } from "./member.ts";

/**
 * What an entry that changes the configuration means for the table of members. It travels in that
 * entry as bytes that Raft never looks at.
 */
export type MembershipChange =
  | {
    readonly kind: "add";
    readonly id: MemberId;
    readonly peerUrls: readonly string[];
    /** The storage that is expected behind the id; empty when it is not known yet. */
    readonly instanceId: Uint8Array;
  }
  | {
    readonly kind: "addLearner";
    readonly id: MemberId;
    readonly peerUrls: readonly string[];
    readonly instanceId: Uint8Array;
    /** The proposer's limit. It travels with the change so that all replicas decide alike. */
    readonly learnersMax: number;
  }
  | { readonly kind: "remove"; readonly id: MemberId }
  | { readonly kind: "promote"; readonly id: MemberId }
  | { readonly kind: "update"; readonly id: MemberId; readonly peerUrls: readonly string[] };

const CHANGE_VERSION = 1;
/** The positions are part of the log's format. */
const KINDS = ["add", "addLearner", "remove", "promote", "update"] as const;

/** The bytes of changes that are made together: one behind the other. */
export function encodeMembershipChanges(changes: readonly MembershipChange[]): Uint8Array {
  const writer = new ByteWriter();
  for (const change of changes) writeChange(writer, change);
  return writer.copy();
}

/** Reads what {@linkcode encodeMembershipChanges} wrote: at least one change. */
export function decodeMembershipChanges(bytes: Uint8Array): MembershipChange[] {
  const reader = new ByteReader(bytes);
  const changes: MembershipChange[] = [];
  do changes.push(readChange(reader)); while (reader.remaining > 0);
  return changes;
}

function writeChange(writer: ByteWriter, change: MembershipChange): void {
  writer.byte(CHANGE_VERSION);
  writer.byte(KINDS.indexOf(change.kind));
  writer.uint64(change.id);
  if ("peerUrls" in change) writeTexts(writer, change.peerUrls);
  if ("instanceId" in change) writer.bytes(change.instanceId);
  if ("learnersMax" in change) writer.varint(change.learnersMax);
}

function readChange(reader: ByteReader): MembershipChange {
  const version = reader.byte();
  if (version !== CHANGE_VERSION) {
    throw new MalformedBytesError(`Cannot read a membership change of version ${version}`);
  }
  const kind = KINDS[reader.byte()];
  const id = reader.uint64();
  switch (kind) {
    case "add":
      return { kind, id, peerUrls: readTexts(reader), instanceId: readInstanceId(reader) };
    case "addLearner":
      return {
        kind,
        id,
        peerUrls: readTexts(reader),
        instanceId: readInstanceId(reader),
        learnersMax: reader.varint(),
      };
    case "update":
      return { kind, id, peerUrls: readTexts(reader) };
    case "remove":
    case "promote":
      return { kind, id };
    default:
      throw new MalformedBytesError("Cannot read a membership change of unknown kind");
  }
}

/** No storage is known to stand behind a member. */
export const NO_INSTANCE: Uint8Array = EMPTY_BYTES;
