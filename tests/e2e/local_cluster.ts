import { assert } from "@std/assert";
import { freePorts } from "./free_ports.ts";

const MAIN = new URL("../../src/server/main.ts", import.meta.url).href;

/** A replica in a process of its own, as an operator runs it. */
export class ServerProcess {
  readonly name: string;
  readonly clientUrl: string;
  /** What the process has written, whole lines. */
  readonly lines: string[] = [];
  readonly #args: readonly string[];
  readonly #denoFlags: readonly string[];
  #child: Deno.ChildProcess | null = null;
  #followed: Promise<void> = Promise.resolve();
  #onLine: (() => void)[] = [];
  /** Whether the process has closed its log, which it does only by ending. */
  #silent = false;

  constructor(
    name: string,
    clientUrl: string,
    args: readonly string[],
    denoFlags: readonly string[] = [],
  ) {
    this.name = name;
    this.clientUrl = clientUrl;
    this.#args = args;
    this.#denoFlags = denoFlags;
  }

  /** Whether the process was started and has not been seen to end. */
  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** The number of the running process, or zero. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    assert(this.#child === null, `${this.name} runs already`);
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", "--unstable-kv", ...this.#denoFlags],
        ...[MAIN, "serve", ...this.#args],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#silent = false;
    this.#followed = this.#follow(child);
  }

  async #follow(child: Deno.ChildProcess): Promise<void> {
    let rest = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      for (const wake of this.#onLine.splice(0)) wake();
    }
    this.#silent = true;
    for (const wake of this.#onLine.splice(0)) wake();
  }

  /** Ends the process with a signal and answers how it ended. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    const child = this.#child;
    assert(child !== null, `${this.name} does not run`);
    child.kill(signal);
    return await this.exited();
  }

  /** Waits until the process has ended by itself. */
  async exited(): Promise<Deno.CommandStatus> {
    const child = this.#child;
    assert(child !== null, `${this.name} does not run`);
    const status = await child.status;
    await this.#followed;
    this.#child = null;
    for (const wake of this.#onLine.splice(0)) wake();
    return status;
  }

  /** Waits for a line with `text` in it, from line `from` on. */
  async line(text: string, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => line.includes(text));
      if (found !== undefined) return found;
      assert(
        this.#child !== null,
        `${this.name} ended without "${text}":\n${this.lines.join("\n")}`,
      );
      await new Promise<void>((resolve) => this.#onLine.push(resolve));
    }
  }

  /** One unary call; answers the parsed body, or null when the replica could not serve it. */
  async call<T>(path: string, body: unknown, timeoutMs = 10_000): Promise<T | null> {
    try {
      const response = await fetch(this.clientUrl + path, {
        method: "POST",
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      return response.ok ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }
}

/** Several replicas on this machine, with their data in a temporary directory. */
export class LocalCluster implements AsyncDisposable {
  readonly replicas: readonly ServerProcess[];
  readonly #dir: string;

  /** @param denoFlags For the runtime of each replica, to look into it. */
  constructor(size: number, flags: readonly string[] = [], denoFlags: readonly string[] = []) {
    this.#dir = Deno.makeTempDirSync({ prefix: "kvorum-e2e-" });
    const ports = freePorts(size * 2);
    const names = Array.from({ length: size }, (_, i) => `n${i + 1}`);
    const scheme = flags.includes("--peer-cert-file") ? "https" : "http";
    const peer = (i: number) => `${scheme}://127.0.0.1:${ports[2 * i + 1]}`;
    const cluster = names.map((name, i) => `${name}=${peer(i)}`).join(",");
    this.replicas = names.map((name, i) => {
      const client = `http://127.0.0.1:${ports[2 * i]}`;
      return new ServerProcess(name, client, [
        ...["--name", name, "--data-dir", `${this.#dir}/${name}`],
        ...["--listen-client-urls", client, "--advertise-client-urls", client],
        ...["--listen-peer-urls", peer(i), "--initial-advertise-peer-urls", peer(i)],
        ...["--initial-cluster", cluster],
        ...flags,
      ], denoFlags);
    });
  }

  /** Starts all replicas and waits until each serves. */
  async start(): Promise<void> {
    for (const replica of this.replicas) replica.start();
    await Promise.all(this.replicas.map((replica) => replica.line("ready to serve")));
  }

  /** The data directory of a replica. */
  dataDir(replica: ServerProcess): string {
    return `${this.#dir}/${replica.name}`;
  }

  /** The replica that leads, asked of all until one says so of itself. */
  async leader(): Promise<ServerProcess> {
    for (;;) {
      for (const replica of this.replicas) {
        if (!replica.isRunning) continue;
        const status = await replica.call<{ leader?: string; header: { member_id: string } }>(
          "/v3/maintenance/status",
          {},
          1_000,
        );
        if (status !== null && status.leader === status.header.member_id) return replica;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.replicas.filter((replica) => replica.isRunning);
    await Promise.all(running.map((replica) => replica.end("SIGKILL")));
    await Deno.remove(this.#dir, { recursive: true });
  }
}
