const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a run of load measured. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failures: number;
}

/** One kept-alive HTTP/1.1 connection that has one request under way at a time. */
class Connection {
  readonly #conn: Deno.TcpConn;
  readonly #host: string;
  readonly #buffer = new Uint8Array(65_536);

  constructor(conn: Deno.TcpConn, host: string) {
    this.#conn = conn;
    this.#host = host;
    conn.setNoDelay(true);
  }

  /** Posts a body and answers the status. Reads exactly one response with a content length. */
  async post(path: string, body: string): Promise<number> {
    const request = encoder.encode(
      `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    for (let sent = 0; sent < request.length;) {
      sent += await this.#conn.write(request.subarray(sent));
    }
    let filled = 0;
    for (;;) {
      const read = await this.#conn.read(this.#buffer.subarray(filled));
      if (read === null) throw new Error("The server closed the connection");
      filled += read;
      const text = decoder.decode(this.#buffer.subarray(0, filled));
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) continue;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? "0");
      if (filled >= headEnd + 4 + length) return Number(text.slice(9, 12));
    }
  }

  close(): void {
    this.#conn.close();
  }
}

/**
 * Posts from `clients` connections, spread over `urls`, for `durationMs` after a warm-up, each
 * sending its next request when the last one is answered.
 */
export async function postLoad(
  urls: readonly string[],
  path: string,
  clients: number,
  durationMs: number,
  nextBody: () => string,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let failures = 0;
  const startMs = performance.now() + durationMs / 5;
  const endMs = startMs + durationMs;
  await Promise.all(Array.from({ length: clients }, async (_, i) => {
    const { hostname, port, host } = new URL(urls[i % urls.length]);
    const connection = new Connection(await Deno.connect({ hostname, port: Number(port) }), host);
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const status = await connection.post(path, nextBody());
      const doneMs = performance.now();
      if (status !== 200) failures++;
      else if (nowMs >= startMs) latencies.push(doneMs - nowMs);
      nowMs = doneMs;
    }
    connection.close();
  }));
  latencies.sort((a, b) => a - b);
  const at = (part: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return {
    perSecond: latencies.length / durationMs * 1_000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    failures,
  };
}

/** Puts of `valueBytes` random-looking bytes to one key after another, as JSON. */
export function putBodies(valueBytes: number): () => string {
  const value = btoa("x".repeat(valueBytes));
  let count = 0;
  return () =>
    `{"key":"${btoa(`bench/${String(count++ % 10_000).padStart(8, "0")}`)}","value":"${value}"}`;
}
