/**
 * How a learner in a browser gets into a cluster: it asks to be a member, and then opens a WebSocket
 * to each server's client port. A page cannot set headers of a WebSocket, and an address is written
 * into logs, so the token travels as the name of a subprotocol.
 */

/** Where a server takes learners in: a POST with the token in its `authorization` header. */
export const JOIN_PATH = "/kvorum/join";

/** The subprotocol that a learner's WebSocket speaks. */
export const LEARNER_PROTOCOL = "kvorum.learner";

const TOKEN_PREFIX = "kvorum.token.";

/** The subprotocols with which a learner dials. */
export function learnerProtocols(token: string): string[] {
  const bytes = new TextEncoder().encode(token);
  // A subprotocol may have letters, digits and some signs, so the bytes are written in hexadecimal.
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [LEARNER_PROTOCOL, TOKEN_PREFIX + hex];
}

/** The token among the subprotocols that a WebSocket offers, or null. */
export function offeredToken(header: string): string | null {
  const offered = header.split(",").map((part) => part.trim());
  if (!offered.includes(LEARNER_PROTOCOL)) return null;
  const hex = offered.find((part) => part.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
  if (hex === undefined || !/^(?:[0-9a-f]{2})+$/.test(hex)) return null;
  const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
