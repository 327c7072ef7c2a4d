/** What a field is to the code that reads requests. Everything that it does not ask for is OTHER. */
export const FieldKind = {
  /** It may not be part of a message: the message is malformed. Ref: RFC 9113 §8.2. */
  MALFORMED: -1,
  OTHER: 0,
  METHOD: 1,
  SCHEME: 2,
  AUTHORITY: 3,
  PATH: 4,
  STATUS: 5,
  CONTENT_TYPE: 6,
  CONTENT_LENGTH: 7,
  HOST: 8,
  GRPC_TIMEOUT: 9,
  GRPC_ENCODING: 10,
  COOKIE: 11,
} as const;

const KIND_OF_NAME: ReadonlyMap<string, number> = new Map([
  [":method", FieldKind.METHOD],
  [":scheme", FieldKind.SCHEME],
  [":authority", FieldKind.AUTHORITY],
  [":path", FieldKind.PATH],
  [":status", FieldKind.STATUS],
  ["content-type", FieldKind.CONTENT_TYPE],
  ["content-length", FieldKind.CONTENT_LENGTH],
  ["host", FieldKind.HOST],
  ["grpc-timeout", FieldKind.GRPC_TIMEOUT],
  ["grpc-encoding", FieldKind.GRPC_ENCODING],
  ["cookie", FieldKind.COOKIE],
  // Fields that speak about a connection have no place in HTTP/2. Ref: RFC 9113 §8.2.2.
  ["connection", FieldKind.MALFORMED],
  ["keep-alive", FieldKind.MALFORMED],
  ["proxy-connection", FieldKind.MALFORMED],
  ["transfer-encoding", FieldKind.MALFORMED],
  ["upgrade", FieldKind.MALFORMED],
]);

/** Lower-case token characters. Pseudo-fields are known by name and do not get this far. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/** What RFC 7541 §4.1 adds to a field's own bytes. */
const OVERHEAD_BYTES = 32;

/**
 * One header field. It is made once, when its literal is read, and shared by every message that
 * names it through the table: what it is and whether it is well-formed is found out only then.
 */
export class HeaderField {
  readonly name: string;
  /** One code unit for each byte. */
  readonly value: string;
  /** Its size in tables and lists. */
  readonly sizeBytes: number;
  /** One of {@linkcode FieldKind}. */
  readonly kind: number;
  /** What the encoder looks it up by. */
  readonly key: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.sizeBytes = name.length + value.length + OVERHEAD_BYTES;
    this.kind = kindOf(name, value);
    this.key = `${name}\n${value}`;
  }
}

function kindOf(name: string, value: string): number {
  if (BAD_VALUE.test(value)) return FieldKind.MALFORMED;
  const kind = KIND_OF_NAME.get(name);
  if (kind !== undefined) return kind;
  if (name === "te" && value !== "trailers") return FieldKind.MALFORMED;
  return NAME.test(name) ? FieldKind.OTHER : FieldKind.MALFORMED;
}
