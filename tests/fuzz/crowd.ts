import { Flag, FrameType, PREFACE } from "../../src/http2/frame.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { HeaderField } from "../../src/http2/hpack/header_field.ts";
import { OutputBuffer } from "../../src/http2/output_buffer.ts";
import { callFields } from "../http2/grpc/grpc_client.ts";
import { ascii, frameBytes } from "../http2/raw_client.ts";

/** Connections that are opened at a time: more wait longer in the kernel's queue than they take. */
const AT_ONCE = 50;

/** Clients that connect, say `opening`, and then nothing more until they are disposed of. */
export class Crowd implements Disposable {
  readonly #connections: Deno.TcpConn[] = [];

  /** Opens them all. */
  static async gather(port: number, size: number, opening: Uint8Array): Promise<Crowd> {
    const crowd = new Crowd();
    while (crowd.#connections.length < size) {
      const some = Math.min(AT_ONCE, size - crowd.#connections.length);
      await Promise.all(Array.from({ length: some }, async () => {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port });
        crowd.#connections.push(connection);
        await connection.write(opening);
      }));
    }
    return crowd;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** One HTTP/2 client that opens many calls and never says what it wants. */
export function idleStreams(count: number): Uint8Array {
  const encoder = new HpackEncoder();
  const out = new OutputBuffer();
  out.raw(ascii(PREFACE));
  out.raw(frameBytes(FrameType.SETTINGS, 0, 0));
  for (let i = 0; i < count; i++) {
    const block = new OutputBuffer();
    const fields = callFields("/etcdserverpb.Watch/Watch");
    encoder.encode(fields.map(([name, value]) => new HeaderField(name, value)), block);
    const bytes = block.bytes.slice(0, block.length);
    out.raw(frameBytes(FrameType.HEADERS, Flag.END_HEADERS, 2 * i + 1, bytes));
  }
  return out.bytes.slice(0, out.length);
}
