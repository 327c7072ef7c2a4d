import { freePorts } from "../../tests/e2e/free_ports.ts";

/** Whether Debian's etcd-server is on this machine. */
export async function hasEtcd(): Promise<boolean> {
  try {
    return (await new Deno.Command("etcd", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/** A cluster of etcd's own servers on this machine, to measure beside ours. */
export class EtcdCluster implements AsyncDisposable {
  readonly urls: readonly string[];
  readonly #processes: Deno.ChildProcess[] = [];
  readonly #dir: string;

  constructor(size: number) {
    this.#dir = Deno.makeTempDirSync({ prefix: "etcd-bench-" });
    const ports = freePorts(size * 2);
    const names = Array.from({ length: size }, (_, i) => `e${i + 1}`);
    const peer = (i: number) => `http://127.0.0.1:${ports[2 * i + 1]}`;
    const cluster = names.map((name, i) => `${name}=${peer(i)}`).join(",");
    this.urls = names.map((_, i) => `http://127.0.0.1:${ports[2 * i]}`);
    names.forEach((name, i) => {
      const args = [
        ...["--name", name, "--data-dir", `${this.#dir}/${name}`, "--initial-cluster", cluster],
        ...["--listen-client-urls", this.urls[i], "--advertise-client-urls", this.urls[i]],
        ...["--listen-peer-urls", peer(i), "--initial-advertise-peer-urls", peer(i)],
      ];
      this.#processes.push(
        new Deno.Command("etcd", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn(),
      );
    });
  }

  /** The numbers of the processes. */
  get pids(): readonly number[] {
    return this.#processes.map((process) => process.pid);
  }

  /** Waits until every member answers a linearizable read. */
  async ready(): Promise<void> {
    for (const url of this.urls) {
      for (;;) {
        try {
          const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
          if ((await response.text()).includes('"true"')) break;
        } catch {
          // Not yet: it is starting.
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** The URL of the leader. */
  async leaderUrl(): Promise<string> {
    for (const url of this.urls) {
      const response = await fetch(`${url}/v3/maintenance/status`, { method: "POST", body: "{}" });
      const status = await response.json();
      if (status.leader === status.header.member_id) return url;
    }
    return this.urls[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) process.kill("SIGKILL");
    await Promise.all(this.#processes.map((process) => process.status));
    await Deno.remove(this.#dir, { recursive: true });
  }
}
