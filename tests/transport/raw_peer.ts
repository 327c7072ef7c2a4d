import { ByteWriter } from "../../src/base/byte_writer.ts";
import { beginFrame, endFrame, FrameKind } from "../../src/transport/frame.ts";
import { encodeHello } from "../../src/transport/hello.ts";
import { PEER_PATH } from "../../src/transport/websocket.ts";
import { identityOf } from "./test_node.ts";

/** A WebSocket client over a bare TCP connection, which need not behave. */
export class RawPeer {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects and gets through the upgrade, but says nothing yet. */
  static async connect(port: number): Promise<RawPeer> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const peer = new RawPeer(connection);
    const request = `GET ${PEER_PATH} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    await peer.write(new TextEncoder().encode(request));
    await connection.read(new Uint8Array(1_024));
    return peer;
  }

  /** Writes bytes as they are. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Sends a WebSocket frame (RFC 6455 §5.2) with a mask of zeros. */
  async sendFrame(opcode: number, payload: Uint8Array): Promise<void> {
    const header = new Uint8Array(14);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | 127;
    new DataView(header.buffer).setBigUint64(2, BigInt(payload.length));
    await this.write(header);
    await this.write(payload);
  }

  /** Says hello, and confirms what it does not read. */
  async greet(from: bigint, to: bigint): Promise<void> {
    await this.sendFrame(2, encodeHello(identityOf(from), to));
    const ping = new ByteWriter();
    beginFrame(ping, FrameKind.Ping);
    await this.sendFrame(2, endFrame(ping));
  }

  /** Reads until the other end closes. */
  async readToEnd(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    const buffer = new Uint8Array(65_536);
    for (let n = await this.#read(buffer); n !== null; n = await this.#read(buffer)) {
      parts.push(buffer.slice(0, n));
    }
    return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }

  /** A connection that was reset has ended too. */
  #read(buffer: Uint8Array): Promise<number | null> {
    return this.#connection.read(buffer).catch(() => null);
  }

  /** Breaks the connection off. */
  close(): void {
    this.#connection.close();
  }
}
