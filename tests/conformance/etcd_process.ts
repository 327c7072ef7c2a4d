/** A real etcd of one member on free loopback ports, for comparisons. */
import { freePorts } from "../e2e/free_ports.ts";

const LOG_TAIL_CHARACTERS = 8_000;

/** The client address of a running etcd; disposing stops it and removes its data. */
export class EtcdProcess implements AsyncDisposable {
  readonly clientUrl: string;
  readonly #process: Deno.ChildProcess;
  readonly #dataDir: string;
  readonly #log: ReadableStreamDefaultReader<Uint8Array>;
  /** The end of what it has logged, to tell why it has ended. */
  #logTail = "";
  #draining: Promise<void> = Promise.resolve();

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
    const dataDir = await Deno.makeTempDir({ prefix: "kvorum-etcd-", ...memoryDir() });
    const [clientUrl, peerUrl] = freePorts(2).map((port) => `http://127.0.0.1:${port}`);
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
    etcd.#draining = etcd.#drain();
    return etcd;
  }

  /** The end of its log. */
  get logTail(): string {
    return this.#logTail;
  }

  async #waitFor(line: string): Promise<void> {
    while (!this.#logTail.includes(line)) {
      if (!await this.#readLog()) {
        throw new Error(`etcd has ended before it served:\n${this.#logTail}`);
      }
    }
  }

  /** Why: a process whose log nobody reads stands still when the pipe is full. */
  async #drain(): Promise<void> {
    while (await this.#readLog());
  }

  async #readLog(): Promise<boolean> {
    const { done, value } = await this.#log.read();
    if (done) return false;
    this.#logTail = (this.#logTail + new TextDecoder().decode(value)).slice(-LOG_TAIL_CHARACTERS);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#draining;
    await this.#log.cancel();
    await this.#process.status;
    await Deno.remove(this.#dataDir, { recursive: true });
  }
}

/** Where files are kept in memory, if there is such a place: nothing here needs to last. */
function memoryDir(): { dir?: string } {
  try {
    return Deno.statSync("/dev/shm").isDirectory ? { dir: "/dev/shm" } : {};
  } catch {
    return {};
  }
}
