import type { KeyValue } from "../../client/mod.ts";

/** What can be written as JSON here. */
export type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as JSON: their text, or where they are none, `{ "base64": "…" }`. */
export function bytesToJson(bytes: Uint8Array): Json {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return { base64: bytes.toBase64() };
  }
}

/** The identity of a member or a lease, as people see it everywhere. */
export function formatId(id: bigint): string {
  return id.toString(16);
}

/** A key as JSON. */
export function keyValueToJson(kv: KeyValue): { readonly [name: string]: Json } {
  return {
    key: bytesToJson(kv.key),
    value: bytesToJson(kv.value),
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    version: kv.version,
    ...(kv.lease === 0n ? {} : { lease: formatId(kv.lease) }),
  };
}
