import type { FlagSpec, FlagValues } from "./flags.ts";
import { parseUrls } from "./listen_url.ts";

/** The flags about ports for clients beside `--listen-client-urls`. */
export const CLIENT_PORT_FLAGS: readonly FlagSpec[] = [
  {
    name: "listen-client-http-urls",
    kind: "string",
    default: "",
    help: "Where to listen for HTTP alone; --listen-client-urls are then for gRPC alone.",
  },
  {
    name: "listen-metrics-urls",
    kind: "string",
    default: "",
    help: "Where else to answer /metrics, /health, /livez, /readyz and /version.",
  },
  {
    name: "max-concurrent-streams",
    kind: "number",
    default: "100000",
    help: "Requests at a time on one HTTP/2 connection.",
  },
];

/** How clients are listened for. */
export interface ClientPortSettings {
  /** Where HTTP is served alone; empty when one port serves everything. */
  readonly listenHttpUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly streamsMax: number;
}

/** Reads the flags. @throws {CommandError} */
export function parseClientPort(flags: FlagValues): ClientPortSettings {
  const urls = (name: string) => flags.get(name) === "" ? [] : parseUrls(name, flags.get(name));
  return {
    listenHttpUrls: urls("listen-client-http-urls"),
    listenMetricsUrls: urls("listen-metrics-urls"),
    streamsMax: flags.number("max-concurrent-streams"),
  };
}
