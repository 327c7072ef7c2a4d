/** Commands drawn at random, so few keys, leases and clients that they meet often. */
import fc from "fast-check";
import { encodeMemberAttributes } from "../../src/machine/member_attributes.ts";
import { AuthUserAddRequest } from "../../src/proto/auth.ts";
import { AuthCommand } from "../../src/proto/auth_command.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import { type Command, CommandKind, type RequestIdentity } from "../../src/proto/command.ts";
import * as kv from "../../src/proto/kv.ts";
import * as make from "./batches.ts";

const key = fc.constantFrom("a", "b", "c", "d").map(make.bytes);
const rangeEnd = fc.constantFrom("", "", "c", "\0").map(make.bytes);
const value = fc.string({ maxLength: 40 }).map(make.bytes);
const leaseId = fc.constantFrom(1n, 2n, -3n);
const maybeLease = fc.constantFrom(0n, 0n, 1n, 2n, -3n);
const revision = fc.integer({ min: 0, max: 40 });

const putRequest = fc.record({
  key,
  value,
  lease: maybeLease,
  prevKv: fc.boolean(),
  ignoreValue: fc.constant(false),
  ignoreLease: fc.constant(false),
});
const keepingPut = fc.record({ key, prevKv: fc.boolean(), ignoreLease: fc.boolean() }).map((put) =>
  create(kv.PutRequest, { ...put, ignoreValue: true })
);
const deleteRequest = fc.record({ key, rangeEnd, prevKv: fc.boolean() });
const rangeRequest = fc.record({ key, rangeEnd, revision: fc.constantFrom(0, 0, 3) })
  .map((fields) => create(kv.RangeRequest, fields));
const compare = fc.record({ key, rangeEnd, version: fc.nat(3), result: fc.nat(3) })
  .map((fields) => create(kv.Compare, fields));
const operation: fc.Arbitrary<kv.RequestOp> = fc.oneof(
  fc.record({ requestPut: fc.oneof(putRequest, keepingPut) }),
  fc.record({ requestDeleteRange: deleteRequest }),
  fc.record({ requestRange: rangeRequest }),
);
const operations = fc.array(operation, { maxLength: 3 });
const innerTxn = fc.record({
  compare: fc.array(compare, { maxLength: 1 }),
  success: operations,
  failure: operations,
});
const txnRequest = fc.record({
  compare: fc.array(compare, { maxLength: 2 }),
  success: fc.oneof(operations, innerTxn.map((requestTxn) => [{ requestTxn }])),
  failure: operations,
});

/** A command on keys or leases together with its request, for comparing with a model. */
export type StoreCommand =
  | { readonly kind: "put"; readonly request: kv.PutRequest }
  | { readonly kind: "deleteRange"; readonly request: kv.DeleteRangeRequest }
  | { readonly kind: "txn"; readonly request: kv.TxnRequest }
  | { readonly kind: "compaction"; readonly request: kv.CompactionRequest }
  | { readonly kind: "leaseGrant"; readonly request: { id: bigint; ttl: number } }
  | {
    readonly kind: "leaseRevoke" | "leaseRenew" | "leaseExpire";
    readonly request: { id: bigint };
  };

export const storeCommand: fc.Arbitrary<StoreCommand> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("put" as const), request: putRequest }) },
  fc.record({ kind: fc.constant("put" as const), request: keepingPut }),
  fc.record({ kind: fc.constant("deleteRange" as const), request: deleteRequest }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("txn" as const), request: txnRequest }),
  },
  revision.map((revision) => ({
    kind: "compaction" as const,
    request: { revision, physical: false },
  })),
  {
    weight: 2,
    arbitrary: leaseId.map((id) => ({ kind: "leaseGrant" as const, request: { id, ttl: 60 } })),
  },
  fc.record({
    kind: fc.constantFrom("leaseRevoke" as const, "leaseRenew" as const, "leaseExpire" as const),
    request: fc.record({ id: leaseId }),
  }),
);

/** The log's form of a store command. */
export function encoded(
  { kind, request }: StoreCommand,
  identity: RequestIdentity | null = null,
): Command {
  switch (kind) {
    case "put":
      return make.put(request, identity);
    case "deleteRange":
      return make.deleteRange(request, identity);
    case "txn":
      return make.txn(request, identity);
    case "compaction":
      return make.compaction(request, identity);
    case "leaseGrant":
      return make.leaseGrant(request, identity);
    case "leaseRevoke":
      return make.leaseRevoke(request, identity);
    case "leaseRenew":
      return make.leaseRenew(request, identity);
    case "leaseExpire":
      return make.leaseExpire(request, identity);
  }
}

const identity: fc.Arbitrary<RequestIdentity | null> = fc.option(
  fc.record({ client: fc.bigInt(1n, 3n), sequence: fc.integer({ min: 1, max: 9 }) }),
);

const name = fc.constantFrom("", "root", "ann", "bob");
const authRequest: fc.Arbitrary<AuthCommand> = fc.oneof(
  name.map((name) => ({
    userAdd: create(AuthUserAddRequest, { name, hashedPassword: "aGFzaA==" }),
  })),
  name.map((name) => ({ userDelete: { name } })),
  fc.record({ user: name, role: name }).map((userGrantRole) => ({ userGrantRole })),
  fc.record({ name, role: name }).map((userRevokeRole) => ({ userRevokeRole })),
  name.map((name) => ({ roleAdd: { name } })),
  name.map((role) => ({ roleDelete: { role } })),
  fc.record({ name, perm: fc.record({ permType: fc.nat(2), key, rangeEnd }) })
    .map((roleGrantPermission) => ({ roleGrantPermission })),
  fc.record({ role: name, key, rangeEnd })
    .map((roleRevokePermission) => ({ roleRevokePermission })),
);

const adminCommand: fc.Arbitrary<Command> = fc.oneof(
  authRequest.map((request) => ({
    kind: CommandKind.Auth,
    body: encodeToBytes(AuthCommand, request),
    identity: null,
  })),
  fc.record({ action: fc.nat(2), memberId: fc.bigInt(1n, 2n), alarm: fc.nat(2) })
    .map((request) => make.alarm(request)),
  fc.record({
    id: fc.bigInt(1n, 3n),
    name: fc.string(),
    clientUrls: fc.array(fc.string(), { maxLength: 2 }),
    instanceId: fc.constant(new Uint8Array(16)),
  }).map((attributes) => ({
    kind: CommandKind.MemberAttributes,
    body: encodeMemberAttributes(attributes),
    identity: null,
  })),
);

/** Any command at all. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(storeCommand, identity).map(([command, identity]) =>
      encoded(command, identity)
    ),
  },
  adminCommand,
);

/** A command whose body may be anything: random bytes, or an honest body cut or changed. */
export const brokenCommand: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom(...Object.values(CommandKind)),
  identity,
  honest: anyCommand,
  noise: fc.uint8Array({ maxLength: 60 }),
  cut: fc.nat(80),
}).map(({ kind, identity, honest, noise, cut }) => {
  const body = Uint8Array.of(...honest.body.subarray(0, cut), ...noise);
  return { kind: cut % 3 === 0 ? kind : honest.kind, body, identity };
});
