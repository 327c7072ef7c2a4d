/** A real etcd of one member on free loopback ports, for comparisons. */

/** The client address of a running etcd; disposing stops it and removes its data. */
export class EtcdProcess implements AsyncDisposable {
  readonly clientUrl: string;
  readonly #process: Deno.ChildProcess;
  readonly #dataDir: string;
  readonly #log: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(clientUrl: string, process: Deno.ChildProcess, dataDir: string) {
    this.clientUrl = clientUrl;
    this.#process = process;
    this.#dataDir = dataDir;
    this.#log = process.stderr.getReader();
  }

  /** Whether there is an etcd on this machine. */
  static isInstalled(): boolean {
    try {
      return new Deno.Command("etcd", { args: ["--version"] }).outputSync().success;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Starts an etcd and waits until it serves clients. */
  static async start(): Promise<EtcdProcess> {
    const dataDir = await Deno.makeTempDir({ prefix: "kvorum-etcd-" });
    const clientUrl = `http://127.0.0.1:${freePort()}`;
    const peerUrl = `http://127.0.0.1:${freePort()}`;
    const process = new Deno.Command("etcd", {
      args: [
        `--data-dir=${dataDir}/data`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        "--logger=zap",
        "--log-outputs=stderr",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const etcd = new EtcdProcess(clientUrl, process, dataDir);
    await etcd.#waitFor("serving client traffic");
    return etcd;
  }

  async #waitFor(line: string): Promise<void> {
    const decoder = new TextDecoder();
    let log = "";
    while (!log.includes(line)) {
      const { done, value } = await this.#log.read();
      if (done) throw new Error(`etcd has ended before it served:\n${log}`);
      log += decoder.decode(value, { stream: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#log.cancel();
    await this.#process.status;
    await Deno.remove(this.#dataDir, { recursive: true });
  }
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
