import { MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import { AuthCommand } from "../proto/auth_command.ts";
import { decode, encode } from "../proto/codec.ts";
import { CommandKind } from "../proto/command.ts";
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  TxnRequest,
  TxnResponse,
} from "../proto/kv.ts";
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
} from "../proto/lease.ts";
import { AlarmRequest, AlarmResponse } from "../proto/maintenance.ts";
import { MessageSchema } from "../proto/schema.ts";
import "../proto/server_half.ts";
import { applyAuth } from "./apply_auth.ts";
import { applyAlarm, applyMemberAttributes } from "./apply_admin.ts";
import { applyCompaction, applyDeleteRange, applyPut, applyTxn } from "./apply_kv.ts";
import {
  applyLeaseExpire,
  applyLeaseGrant,
  applyLeaseRenew,
  applyLeaseRevoke,
} from "./apply_lease.ts";
import { decodeMemberAttributes } from "./member_attributes.ts";
import type { MachineState, Outcome } from "./outcome.ts";

/** How commands of one kind are carried out, and how their answers are kept for a retry. */
interface Handler {
  apply(state: MachineState, body: Uint8Array): Outcome;
  encodeResponse(response: object, writer: ByteWriter): void;
  decodeResponse(bytes: Uint8Array): object;
}

const NO_FIELDS = new MessageSchema<Record<never, never>>("kvorum.Empty", {});

function handler<Request, Response extends object>(
  decodeRequest: (body: Uint8Array) => Request,
  applyRequest: (state: MachineState, request: Request) => Outcome,
  response: MessageSchema<Response>,
): Handler {
  return {
    apply(state, body) {
      let request: Request;
      // Why here alone: bytes that do not decode are a client's mistake and refused alike by all
      // replicas; the same error out of `applyRequest` would be a bug and must stop this one.
      try {
        request = decodeRequest(body);
      } catch (error) {
        if (error instanceof MalformedBytesError) return "malformed command";
        throw error;
      }
      return applyRequest(state, request);
    },
    encodeResponse: (message, writer) => encode(response, message as Response, writer),
    decodeResponse: (bytes) => decode(response, bytes),
  };
}

function reads<Request extends object>(schema: MessageSchema<Request>) {
  return (body: Uint8Array): Request => decode(schema, body);
}

const HANDLERS: Readonly<Record<CommandKind, Handler>> = {
  [CommandKind.Put]: handler(reads(PutRequest), applyPut, PutResponse),
  [CommandKind.DeleteRange]: handler(
    reads(DeleteRangeRequest),
    applyDeleteRange,
    DeleteRangeResponse,
  ),
  [CommandKind.Txn]: handler(reads(TxnRequest), applyTxn, TxnResponse),
  [CommandKind.Compaction]: handler(reads(CompactionRequest), applyCompaction, CompactionResponse),
  [CommandKind.LeaseGrant]: handler(reads(LeaseGrantRequest), applyLeaseGrant, LeaseGrantResponse),
  [CommandKind.LeaseRevoke]: handler(
    reads(LeaseRevokeRequest),
    applyLeaseRevoke,
    LeaseRevokeResponse,
  ),
  [CommandKind.LeaseRenew]: handler(
    reads(LeaseKeepAliveRequest),
    applyLeaseRenew,
    LeaseKeepAliveResponse,
  ),
  [CommandKind.LeaseExpire]: handler(
    reads(LeaseRevokeRequest),
    applyLeaseExpire,
    LeaseRevokeResponse,
  ),
  [CommandKind.Alarm]: handler(reads(AlarmRequest), applyAlarm, AlarmResponse),
  [CommandKind.Auth]: handler(reads(AuthCommand), applyAuth, NO_FIELDS),
  [CommandKind.MemberAttributes]: handler(
    decodeMemberAttributes,
    applyMemberAttributes,
    NO_FIELDS,
  ),
};

/** Carries out one command. Its body may be any bytes: what cannot be read is refused. */
export function applyCommand(state: MachineState, kind: CommandKind, body: Uint8Array): Outcome {
  return HANDLERS[kind].apply(state, body);
}

/** Appends the encoding of a response, to answer a retry with. */
export function encodeResponse(kind: CommandKind, response: object, writer: ByteWriter): void {
  HANDLERS[kind].encodeResponse(response, writer);
}

/** Reads what {@linkcode encodeResponse} wrote. */
export function decodeResponse(kind: CommandKind, bytes: Uint8Array): object {
  return HANDLERS[kind].decodeResponse(bytes);
}
