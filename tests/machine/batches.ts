/** Batches as a replica would propose them, for tests. */
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { encodeUtf8 } from "../../src/base/utf8.ts";
import { type AppliedBatch, Machine } from "../../src/machine/machine.ts";
import { NO_INSTANCE } from "../../src/machine/membership_change.ts";
import type { CommandResult } from "../../src/machine/result.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import {
  type Command,
  CommandKind,
  encodeBatch,
  type RequestIdentity,
  stampBatch,
} from "../../src/proto/command.ts";
import * as kv from "../../src/proto/kv.ts";
import * as lease from "../../src/proto/lease.ts";
import { AlarmRequest } from "../../src/proto/maintenance.ts";
import type { MessageSchema } from "../../src/proto/schema.ts";

export const bytes = encodeUtf8;

function command<T extends object>(kind: CommandKind, schema: MessageSchema<T>) {
  return (fields: Partial<T>, identity: RequestIdentity | null = null): Command => ({
    kind,
    body: encodeToBytes(schema, create(schema, fields)),
    identity,
  });
}

export const put = command(CommandKind.Put, kv.PutRequest);
export const deleteRange = command(CommandKind.DeleteRange, kv.DeleteRangeRequest);
export const txn = command(CommandKind.Txn, kv.TxnRequest);
export const compaction = command(CommandKind.Compaction, kv.CompactionRequest);
export const leaseGrant = command(CommandKind.LeaseGrant, lease.LeaseGrantRequest);
export const leaseRevoke = command(CommandKind.LeaseRevoke, lease.LeaseRevokeRequest);
export const leaseRenew = command(CommandKind.LeaseRenew, lease.LeaseKeepAliveRequest);
export const leaseExpire = command(CommandKind.LeaseExpire, lease.LeaseRevokeRequest);
export const alarm = command(CommandKind.Alarm, AlarmRequest);

/** A put of text under text. */
export function putText(key: string, value: string, fields: Partial<kv.PutRequest> = {}): Command {
  return put({ key: bytes(key), value: bytes(value), ...fields });
}

/** The bytes of a stamped batch; without an origin it is never taken as a duplicate. */
export function batch(
  commands: readonly Command[],
  { origin = 0n, incarnation = 1, number = 1, clockMs = 0 } = {},
): Uint8Array {
  const writer = new ByteWriter();
  encodeBatch({ origin, incarnation, number, commands }, writer);
  return stampBatch(writer.view(), clockMs);
}

/** Applies one command and gives its result. */
export function applyOne(machine: Machine, one: Command): CommandResult {
  return machine.apply(batch([one])).results[0];
}

/** Applies commands as one batch. */
export function applyAll(machine: Machine, ...commands: Command[]): AppliedBatch {
  return machine.apply(batch(commands));
}

/** A machine of two members with segments so small that a few commands fill one. */
export function smallMachine(): Machine {
  const machine = new Machine({ segmentBytes: 512, compactionStepBytes: 300 });
  machine.members.bootstrap([1n, 2n].map((id) => ({
    id,
    name: "",
    peerUrls: [`http://${id}`],
    clientUrls: [],
    isLearner: false,
    instanceId: NO_INSTANCE,
  })));
  return machine;
}

/** A new machine restored from a snapshot of `machine`, with segments of its own. */
export function restarted(machine: Machine): Machine {
  const { header, segments } = machine.snapshot();
  const copy = smallMachine();
  copy.restore(header.slice(), segments.map((segment) => ({ bytes: segment.bytes.slice() })));
  return copy;
}

/** The values of all keys, as text. */
export function contents(machine: Machine): Record<string, string> {
  const range = machine.store.range(
    create(kv.RangeRequest, { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }),
  );
  if (typeof range === "string") throw new Error(range);
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
  return Object.fromEntries(range.kvs.map((kv) => [text(kv.key), text(kv.value)]));
}
