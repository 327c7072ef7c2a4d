import { encodeRequest, isClosed, ResponseReader, writeAll } from "./pipelined_connection.ts";

/** A line of a watch stream, as far as it is looked at here. */
export interface WatchLine {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly watch_id?: string;
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly compact_revision?: string;
    readonly events?: readonly WatchEvent[];
  };
  readonly error?: unknown;
}

/** An event of a watch stream. */
export interface WatchEvent {
  readonly type?: string;
  readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string };
}

/** How long to wait for what a server should send soon. */
const LINE_MS_MAX = 3_000;

/** A watch stream that is read in the background; lines are kept as they came. */
export class WatchSession {
  readonly lines: WatchLine[] = [];
  readonly #connection: Deno.TcpConn;
  readonly #reading: Promise<void>;
  #ended = false;
  #isLate = false;
  #onLine: (() => void) | null = null;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#reading = this.#read(new ResponseReader(connection));
  }

  /** Whether something that had to come did not come in time. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Opens a stream with all that the client ever says. */
  static async open(url: string, body: string): Promise<WatchSession> {
    const { hostname, port } = new URL(url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await writeAll(connection, encodeRequest({ method: "POST", path: "/v3/watch", body }));
    return new WatchSession(connection);
  }

  async #read(reader: ResponseReader): Promise<void> {
    try {
      await reader.head();
      let text = "";
      for (let chunk = await reader.chunk(); chunk !== null; chunk = await reader.chunk()) {
        const lines = (text + chunk).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) this.lines.push(JSON.parse(line));
        this.#onLine?.();
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
    this.#ended = true;
    this.#onLine?.();
  }

  /** Waits until the lines are as they have to be. If they are not in time, the stream is late. */
  async expect(holds: (lines: readonly WatchLine[]) => boolean): Promise<void> {
    const timer = setTimeout(() => {
      this.#isLate = true;
      this.#onLine?.();
    }, LINE_MS_MAX);
    while (!holds(this.lines) && !this.#isLate && !this.#ended) {
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
    clearTimeout(timer);
    this.#isLate ||= !holds(this.lines);
  }

  /** Leaves the stream. */
  async close(): Promise<void> {
    this.#connection.close();
    await this.#reading;
  }
}
