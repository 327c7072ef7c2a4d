/** A way to a server that breaks in all the ways in which networks do. */

interface Pair {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
}

export class TcpProxy implements AsyncDisposable {
  /** Whether what the client says gets through. */
  passesRequests = true;
  /** Whether what the server says gets through. */
  passesAnswers = true;
  /** Bytes of the client that still get through before the connection is cut. */
  cutAfterBytes = Infinity;
  /** How long everything takes on its way. */
  delayMs = 0;
  /** Lets everything through in pieces of so many bytes, each with the delay. */
  pieceBytes = Infinity;
  /** Whether new connections are broken at once. */
  refuses = false;
  /** How many connections were accepted. */
  accepted = 0;
  readonly #targetPort: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #pairs = new Set<Pair>();
  readonly #work: Promise<void>[] = [];
  #onAccept: (() => void)[] = [];

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#work.push(this.#accept());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      close(client);
      close(server);
    }
    this.#pairs.clear();
  }

  /** Waits until so many connections were accepted. */
  async untilAccepted(count: number): Promise<void> {
    while (this.accepted < count) {
      await new Promise<void>((resolve) => this.#onAccept.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = this.refuses ? null : await this.#reach();
      if (server === null) {
        close(client);
        continue;
      }
      client.setNoDelay(true);
      server.setNoDelay(true);
      const pair = { client, server };
      this.#pairs.add(pair);
      this.accepted++;
      this.#work.push(this.#carry(pair, true), this.#carry(pair, false));
      for (const wake of this.#onAccept.splice(0)) wake();
    }
  }

  async #reach(): Promise<Deno.TcpConn | null> {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
    } catch {
      return null;
    }
  }

  async #carry(pair: Pair, isRequest: boolean): Promise<void> {
    const [from, to] = isRequest ? [pair.client, pair.server] : [pair.server, pair.client];
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) break;
        if (!(isRequest ? this.passesRequests : this.passesAnswers)) continue;
        const passed = isRequest ? Math.min(length, this.cutAfterBytes) : length;
        for (let at = 0; at < passed;) {
          if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
          const end = Math.min(passed, at + this.pieceBytes);
          at += await to.write(buffer.subarray(at, end));
        }
        if (isRequest) this.cutAfterBytes -= passed;
        if (isRequest && passed < length) {
          this.cutAfterBytes = Infinity;
          break;
        }
      }
    } catch {
      // One of the two is gone: so is the other, below.
    }
    this.#pairs.delete(pair);
    close(pair.client);
    close(pair.server);
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
