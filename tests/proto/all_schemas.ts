import * as auth from "../../src/proto/auth.ts";
import * as cluster from "../../src/proto/cluster.ts";
import * as election from "../../src/proto/election.ts";
import * as header from "../../src/proto/header.ts";
import * as health from "../../src/proto/health.ts";
import * as kv from "../../src/proto/kv.ts";
import * as lease from "../../src/proto/lease.ts";
import * as lock from "../../src/proto/lock.ts";
import * as maintenance from "../../src/proto/maintenance.ts";
import { MessageSchema } from "../../src/proto/schema.ts";
import type { FieldSpec, FieldSpecs } from "../../src/proto/schema.ts";
import "../../src/proto/server_half.ts";
import * as watch from "../../src/proto/watch.ts";

const MODULES: readonly Record<string, unknown>[] = [
  auth,
  cluster,
  election,
  header,
  health,
  kv,
  lease,
  lock,
  maintenance,
  watch,
];

/** The schemas of all messages. */
export const ALL_SCHEMAS: readonly MessageSchema<object>[] = MODULES.flatMap((module) =>
  Object.values(module).filter((value) => value instanceof MessageSchema)
);

/** The schema with the given full name. */
export function schemaNamed(name: string): MessageSchema<object> {
  const schema = ALL_SCHEMAS.find((candidate) => candidate.name === name);
  if (schema === undefined) throw new Error(`No schema is named ${name}`);
  return schema;
}

const generic = new Map<MessageSchema<object>, MessageSchema<object>>();

/** `schema` without hand-made codecs, all the way down. */
export function withoutHandMade<T extends object>(schema: MessageSchema<T>): MessageSchema<T> {
  const known = generic.get(schema);
  if (known !== undefined) return known as MessageSchema<T>;
  const specs: Record<string, FieldSpec<unknown>> = {};
  for (const field of schema.fields) {
    const inner = field.schema;
    specs[field.key] = inner === undefined
      ? { ...field, protoName: field.name }
      : { ...field, protoName: field.name, schema: () => withoutHandMade(inner()) };
  }
  const stripped = new MessageSchema<T>(schema.name, specs as FieldSpecs<T>);
  generic.set(schema, stripped);
  return stripped;
}
