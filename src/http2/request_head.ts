import { FieldKind, type HeaderField } from "./hpack/header_field.ts";

/** What a request's header fields say, checked. Empty text stands for an absent field. */
export interface RequestHead {
  method: string;
  scheme: string;
  authority: string;
  path: string;
  contentType: string;
  /** What `content-length` says, or -1. */
  contentBytes: number;
  grpcTimeout: string;
  grpcEncoding: string;
  /** All fields but those whose names begin with a colon, in order. */
  readonly fields: HeaderField[];
}

/** Reads the header fields of a request; `null` if the message is malformed. Ref: RFC 9113 §8.3. */
export function readRequestHead(fields: readonly HeaderField[]): RequestHead | null {
  const head: RequestHead = {
    method: "",
    scheme: "",
    authority: "",
    path: "",
    contentType: "",
    contentBytes: -1,
    grpcTimeout: "",
    grpcEncoding: "",
    fields: [],
  };
  let pseudoFields = 0;
  for (const field of fields) {
    const { kind } = field;
    if (kind === FieldKind.MALFORMED || kind === FieldKind.STATUS) return null;
    if (kind >= FieldKind.METHOD && kind <= FieldKind.PATH) {
      // A pseudo-field comes once, and before all others.
      if (head.fields.length > 0 || (pseudoFields & (1 << kind)) !== 0) return null;
      pseudoFields |= 1 << kind;
      setPseudoField(head, kind, field.value);
    } else {
      if (kind !== FieldKind.OTHER && !setField(head, kind, field.value)) return null;
      head.fields.push(field);
    }
  }
  return isComplete(head, pseudoFields) ? head : null;
}

function setPseudoField(head: RequestHead, kind: number, value: string): void {
  if (kind === FieldKind.METHOD) head.method = value;
  else if (kind === FieldKind.SCHEME) head.scheme = value;
  else if (kind === FieldKind.AUTHORITY) head.authority = value;
  else head.path = value;
}

function setField(head: RequestHead, kind: number, value: string): boolean {
  switch (kind) {
    case FieldKind.CONTENT_TYPE:
      head.contentType = value;
      return true;
    case FieldKind.CONTENT_LENGTH: {
      const bytes = /^\d{1,15}$/.test(value) ? Number(value) : -1;
      const isSame = head.contentBytes < 0 || head.contentBytes === bytes;
      head.contentBytes = bytes;
      return bytes >= 0 && isSame;
    }
    case FieldKind.HOST:
      if (head.authority === "") head.authority = value;
      return true;
    case FieldKind.GRPC_TIMEOUT:
      head.grpcTimeout = value;
      return true;
    case FieldKind.GRPC_ENCODING:
      head.grpcEncoding = value;
      return true;
  }
  return true;
}

function isComplete(head: RequestHead, pseudoFields: number): boolean {
  const { method, scheme, path } = head;
  // CONNECT names an authority and nothing else. Ref: RFC 9113 §8.5.
  if (method === "CONNECT") {
    return pseudoFields === ((1 << FieldKind.METHOD) | (1 << FieldKind.AUTHORITY));
  }
  return method !== "" && scheme !== "" &&
    (path.startsWith("/") || (path === "*" && method === "OPTIONS"));
}

/** Whether fields that came after the data may stand there: well-formed and no pseudo-fields. */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ kind }) =>
    kind !== FieldKind.MALFORMED && (kind < FieldKind.METHOD || kind > FieldKind.STATUS)
  );
}
