/**
 * `/livez` and `/readyz`: named checks, together or one by one, for those who restart processes and
 * those who send traffic. Ref: etcd server/etcdserver/api/etcdhttp/health.go.
 */
import { create } from "../proto/codec.ts";
import { RangeRequest } from "../proto/range.ts";
import { AlarmType } from "../machine/alarms.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import { PLAIN_CONTEXT } from "./call_context.ts";
import { toRpcError } from "./errors.ts";
import { Counter, gauges, type Labels, type Metrics } from "./metrics/metric.ts";
import type { ReplicaPort } from "./replica_port.ts";
import type { KvService } from "./services/kv_service.ts";

/** Looks whether something is well: null if so, else what is wrong. */
type Check = () => Promise<string | null>;

/** The checks of each probe, in the order in which they are told. */
type Checks = Readonly<Record<string, Readonly<Record<string, Check>>>>;

const TEXT: HeadersInit = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};

/** The probes of a replica. */
export class HealthChecks {
  readonly #checks: Checks;
  readonly #results = new Map<string, { labels: Labels; isWell: boolean }>();
  readonly #counts = new Counter(
    "etcd_server_healthchecks_total",
    "How often each check was made.",
  );

  constructor(replica: ReplicaPort, kv: KvService, metrics: Metrics) {
    this.#checks = {
      "/livez": { "serializable_read": () => readCheck(kv, true) },
      "/readyz": {
        "data_corruption": () => alarmCheck(replica),
        "serializable_read": () => readCheck(kv, true),
        "linearizable_read": () => readCheck(kv, false),
        "non_learner": () => learnerCheck(replica),
      },
    };
    const latest = () =>
      Array.from(this.#results.values(), ({ labels, isWell }) => [labels, Number(isWell)] as const);
    metrics.add(
      this.#counts,
      gauges("etcd_server_healthcheck", "The latest result of each check.", latest),
    );
  }

  /** Whether `path` is that of a probe, or of one of its checks below it. */
  knows(path: string): boolean {
    return this.#namesAt(path) !== null;
  }

  /** Answers a path that it knows. */
  respond(path: string, query: URLSearchParams): Promise<Response> {
    const excluded = query.getAll("exclude");
    const [probe, names] = this.#namesAt(path) ?? [path, []];
    const wanted = probe === path ? names.filter((name) => !excluded.includes(name)) : names;
    return this.#run(probe, wanted, query.has("verbose"));
  }

  /** The probe that a path belongs to, and the names of the checks that it asks for. */
  #namesAt(path: string): readonly [probe: string, names: readonly string[]] | null {
    for (const [probe, checks] of Object.entries(this.#checks)) {
      if (path === probe) return [probe, Object.keys(checks)];
      const name = path.slice(probe.length + 1);
      if (path.startsWith(`${probe}/`) && Object.hasOwn(checks, name)) return [probe, [name]];
    }
    return null;
  }

  async #run(probe: string, names: readonly string[], isVerbose: boolean): Promise<Response> {
    let said = "";
    let isWell = true;
    for (const name of names) {
      const wrong = await this.#checks[probe][name]();
      said += wrong === null ? `[+]${name} ok\n` : `[-]${name} failed: ${wrong}\n`;
      if (wrong !== null) isWell = false;
      this.#note(probe.slice(1), name, wrong === null);
    }
    if (!isWell) return new Response(`${said}\n`, { status: 503, headers: TEXT });
    return new Response(isVerbose ? `${said}ok\n` : "ok\n", { headers: TEXT });
  }

  #note(type: string, name: string, isWell: boolean): void {
    this.#results.set(`${type}/${name}`, { labels: { type, name }, isWell });
    this.#counts.cell({ type, name, status: isWell ? "success" : "error" }).value++;
  }
}

async function readCheck(kv: KvService, serializable: boolean): Promise<string | null> {
  try {
    const key = encodeUtf8("health");
    await kv.range(create(RangeRequest, { key, countOnly: true, serializable }), PLAIN_CONTEXT);
    return null;
  } catch (error) {
    return toRpcError(error).message;
  }
}

function alarmCheck({ machine }: ReplicaPort): Promise<string | null> {
  const isRaised = machine.alarms.has(AlarmType.Corrupt);
  return Promise.resolve(isRaised ? "alarm activated: CORRUPT" : null);
}

function learnerCheck(replica: ReplicaPort): Promise<string | null> {
  const { configuration, memberId } = replica.status();
  const isLearner = configuration.learners.includes(memberId);
  return Promise.resolve(isLearner ? "not supported for learner" : null);
}
