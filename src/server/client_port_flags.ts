import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";
import { parseListenUrl, parseUrls } from "./listen_url.ts";
import type { TlsFiles } from "./tls_listener.ts";

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
  { name: "cert-file", kind: "string", default: "", help: "The certificate for https, as PEM." },
  { name: "key-file", kind: "string", default: "", help: "Its key, as PEM." },
  {
    name: "trusted-ca-file",
    kind: "string",
    default: "",
    help: "Who signs clients' certificates, which are then asked for.",
  },
  {
    name: "client-cert-auth",
    kind: "boolean",
    default: "false",
    help: "Ask clients for certificates.",
  },
];

/** How clients are listened for. */
export interface ClientPortSettings {
  /** Where HTTP is served alone; empty when one port serves everything. */
  readonly listenHttpUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly streamsMax: number;
  /** The certificates for `https`, if there are any. */
  readonly tls: TlsFiles | null;
}

/** Reads the flags. @throws {CommandError} */
export function parseClientPort(flags: FlagValues): ClientPortSettings {
  const urls = (name: string) => flags.get(name) === "" ? [] : parseUrls(name, flags.get(name));
  return {
    listenHttpUrls: urls("listen-client-http-urls"),
    listenMetricsUrls: urls("listen-metrics-urls"),
    streamsMax: flags.number("max-concurrent-streams"),
    tls: parseTls(flags),
  };
}

function parseTls(flags: FlagValues): TlsFiles | null {
  const [certFile, keyFile] = [flags.get("cert-file"), flags.get("key-file")];
  const isSecure = parseUrls("listen-client-urls", flags.get("listen-client-urls"))
    .some((url) => parseListenUrl("listen-client-urls", url).isSecure);
  if (certFile === "" && keyFile === "" && !isSecure) return null;
  if (certFile === "" || keyFile === "") {
    throw new CommandError("https for clients needs both --cert-file and --key-file");
  }
  const trustedCaFile = flags.get("trusted-ca-file");
  // Ref: etcd client/pkg/transport/listener.go, where either of the two asks clients.
  const asksClients = trustedCaFile !== "" || flags.boolean("client-cert-auth");
  return { certFile, keyFile, trustedCaFile, asksClients };
}
