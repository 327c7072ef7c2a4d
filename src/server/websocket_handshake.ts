import { createHash } from "node:crypto";
import { type Socket, writeAll } from "./socket.ts";
import type { SocketReader } from "./socket_reader.ts";

/** What a server proves with that it has understood the request. Ref: RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** A server's answer may have so many lines, each so long. */
const LINES_MAX = 64;
const LINE_LENGTH_MAX = 1_024;

/**
 * Asks the server at `url` for a WebSocket, as a client does. Ref: RFC 6455 §4.1.
 *
 * @throws {Error} when it answers with anything else, with what it says.
 */
export async function shakeHands(socket: Socket, reader: SocketReader, url: URL): Promise<void> {
  const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\n` +
    `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
  await writeAll(socket, new TextEncoder().encode(request));
  const status = await reader.takeLine(LINE_LENGTH_MAX);
  const [, refusal] = /^HTTP\/1\.1 403 (bad certificate.*)$/.exec(status) ?? [];
  if (refusal !== undefined) throw new Error(`remote error: tls: ${refusal}`);
  const accept = await readAccept(reader);
  if (!/^HTTP\/1\.1 101(?: |$)/.test(status)) throw new Error(`the server answers "${status}"`);
  if (accept !== createHash("sha1").update(key + GUID).digest("base64")) {
    throw new Error("the server does not speak WebSocket");
  }
}

/** Reads the rest of the answer's head, of which one field matters. */
async function readAccept(reader: SocketReader): Promise<string> {
  let accept = "";
  for (let i = 0; i < LINES_MAX; i++) {
    const line = await reader.takeLine(LINE_LENGTH_MAX);
    if (line === "") return accept;
    const [, value] = /^sec-websocket-accept:\s*(\S+)\s*$/i.exec(line) ?? [];
    accept = value ?? accept;
  }
  throw new Error(`the server's answer has more than ${LINES_MAX} lines`);
}
