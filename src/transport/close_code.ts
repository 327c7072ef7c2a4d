/** Why a connection between replicas ended, as both ends are told: the close codes of WebSocket. */
export const CloseCode = {
  /** Bytes that are no frame, or a frame that has no place here. */
  Malformed: 4000,
  /** The peer speaks another version of the protocol. */
  WrongVersion: 4001,
  /** The peer belongs to another cluster. */
  WrongCluster: 4002,
  /** The peer is not who was dialled, or looks for somebody else. */
  WrongMember: 4003,
  /** The peer is not, or not yet, a member. */
  UnknownMember: 4004,
  /** The peer was removed from the cluster, for good. */
  RemovedMember: 4005,
  /** The peer's storage is not the one that this member had: it was wiped or replaced. */
  WrongStorage: 4006,
  /** The hello exchange did not end in time. */
  HelloTimeout: 4007,
  /** The same peer opened a newer connection. */
  Replaced: 4008,
  /** Nothing was heard for too long. */
  Silent: 4009,
  /** There are too many connections. */
  TooMany: 4010,
  /** A frame was larger than allowed. */
  FrameTooLarge: 4011,
  /** The replica is closing. */
  Closing: 4012,
} as const;
/** One of the values of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/** The codes that say "not you", whereas the others say "not now". */
export type RefusalCode =
  | typeof CloseCode.WrongVersion
  | typeof CloseCode.WrongCluster
  | typeof CloseCode.WrongMember
  | typeof CloseCode.UnknownMember
  | typeof CloseCode.RemovedMember
  | typeof CloseCode.WrongStorage;

/** Why a peer is not let in. Both ends log it; the reason is told as the refusing end sees it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
}

/** Whether a close code that arrived from outside is a refusal. */
export function isRefusalCode(code: number): code is RefusalCode {
  return code >= CloseCode.WrongVersion && code <= CloseCode.WrongStorage;
}

/** The most bytes that a close frame has for its reason (RFC 6455 §5.5). */
const REASON_BYTES_MAX = 123;

/** A reason cut to what a close frame can carry, never in the middle of a character. */
export function clipReason(reason: string): string {
  const room = new Uint8Array(REASON_BYTES_MAX);
  const { read } = new TextEncoder().encodeInto(reason, room);
  return reason.slice(0, read);
}

/** A reason that came from outside, made safe for a line of a log. */
export function printableReason(reason: string): string {
  return clipReason(reason.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?"));
}
