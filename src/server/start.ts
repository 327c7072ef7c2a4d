import { ReplicaProcess } from "./replica_process.ts";
import { type PlannedReplica, planReplicas } from "./start_flags.ts";

/** A replica that died is started again after this long, so that a person sees it missing. */
const RESTART_DELAY_MS = 2_000;
/** A replica that dies sooner than this after its start is not started again: it cannot run. */
const LIVED_MS = 3_000;

/**
 * Runs a whole cluster on this machine, each replica in a process of its own, and tells in one line
 * each what happens to it, until `signal` ends it or a replica cannot run.
 *
 * @returns the exit code: 0 after a shutdown in good order, 1 when a replica cannot run.
 * @throws {CommandError} for flags that cannot be used.
 *
 * @example Three replicas on this machine, for a minute
 * ```ts
 * import { start } from "@kvorum/kvorum/server";
 *
 * export async function main() {
 *   const args = ["--replicas", "3", "--port", "2379", "--data", "./kvorum-data"];
 *   Deno.exit(await start(args, AbortSignal.timeout(60_000)));
 * }
 * ```
 */
export async function start(args: readonly string[], signal: AbortSignal): Promise<number> {
  const cluster = new LocalCluster(planReplicas(args), signal);
  return await cluster.run();
}

class LocalCluster {
  readonly #plans: readonly PlannedReplica[];
  readonly #signal: AbortSignal;
  readonly #running = new Map<PlannedReplica, ReplicaProcess>();
  readonly #ready = new Set<PlannedReplica>();
  readonly #lost = new Set<PlannedReplica>();
  readonly #done = Promise.withResolvers<void>();
  #leader = "";
  #announced = false;
  #exitCode = 0;
  #stopping = false;

  constructor(plans: readonly PlannedReplica[], signal: AbortSignal) {
    this.#plans = plans;
    this.#signal = signal;
  }

  async run(): Promise<number> {
    const onAbort = () => this.#stop(0);
    this.#signal.addEventListener("abort", onAbort, { once: true });
    say(`Starting ${count(this.#plans.length)} …`);
    for (const plan of this.#plans) this.#launch(plan);
    await this.#done.promise;
    await Promise.all([...this.#running.values()].map((process) => process.ended));
    this.#signal.removeEventListener("abort", onAbort);
    if (this.#exitCode === 0) say("All replicas have stopped. The data stays where it is.");
    return this.#exitCode;
  }

  #launch(plan: PlannedReplica): void {
    if (this.#stopping) return;
    const startedMs = performance.now();
    const process = new ReplicaProcess(plan, {
      onLine: (line) => this.#onLine(plan, line),
      onExit: (status, said) => {
        this.#running.delete(plan);
        this.#onExit(plan, status, said, performance.now() - startedMs);
      },
    });
    this.#running.set(plan, process);
  }

  #onLine(plan: PlannedReplica, line: { msg: string; [field: string]: unknown }): void {
    switch (line.msg) {
      case "ready to serve client requests":
        this.#ready.add(plan);
        if (this.#lost.delete(plan)) say(`${plan.name} is back`);
        if (!this.#announced && this.#ready.size === this.#plans.length) this.#announce();
        return;
      case "became leader":
        if (this.#leader !== plan.name) say(`${plan.name} leads, term ${line["raft-term"]}`);
        this.#leader = plan.name;
        return;
      case "rejected peer":
        return say(`${plan.name}: ${line["error"]}`);
    }
  }

  #onExit(plan: PlannedReplica, status: Deno.CommandStatus, said: string, livedMs: number): void {
    this.#ready.delete(plan);
    if (this.#stopping) return;
    const how = status.signal === null ? `exit code ${status.code}` : status.signal;
    if (livedMs < LIVED_MS && status.signal === null) {
      complain(said === "" ? `${plan.name} cannot run: ${how}` : said);
      return this.#stop(1);
    }
    this.#lost.add(plan);
    say(`${plan.name} is lost (${how}); starting it again in ${RESTART_DELAY_MS / 1000} s`);
    const timer = setTimeout(() => this.#launch(plan), RESTART_DELAY_MS);
    this.#signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  #stop(exitCode: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#exitCode = exitCode;
    for (const process of this.#running.values()) process.stop();
    this.#done.resolve();
  }

  #announce(): void {
    this.#announced = true;
    for (const { name, clientUrl, peerUrl } of this.#plans) {
      say(`  ${name}  clients ${clientUrl}  peers ${peerUrl}`);
    }
    const [first] = this.#plans;
    const last = this.#plans[this.#plans.length - 1];
    say(`Ready. Keys and values travel as base64: Zm9v is foo, YmFy is bar. Try:
  curl -s ${first.clientUrl}/v3/kv/put -d '{"key":"Zm9v","value":"YmFy"}'
  curl -s ${last.clientUrl}/v3/kv/range -d '{"key":"Zm9v"}'
  curl -sN ${first.clientUrl}/v3/watch -d '{"create_request":{"key":"Zm9v"}}'
Ctrl-C stops all. Kill one to see what happens.`);
  }
}

function count(replicas: number): string {
  return replicas === 1 ? "one replica" : `${replicas} replicas`;
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

function complain(line: string): void {
  // deno-lint-ignore no-console
  console.error(line);
}
