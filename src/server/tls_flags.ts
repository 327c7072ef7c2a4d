import { CommandError } from "./command_error.ts";
import type { FlagSpec, FlagValues } from "./flags.ts";
import type { TlsFiles, TlsVersions } from "./tls_files.ts";

/** The flags about TLS, for clients and for peers. */
export const TLS_FLAGS: readonly FlagSpec[] = [
  flag("cert-file", "The certificate for https, as PEM."),
  flag("key-file", "Its key, as PEM."),
  flag("trusted-ca-file", "Who signs clients' certificates, which are then asked for."),
  boolean("client-cert-auth", "Ask clients for certificates."),
  flag("client-cert-allowed-hostname", "Hosts for one of which a client's certificate must be."),
  flag("client-crl-file", "A list of clients' certificates that are revoked."),
  boolean("auto-tls", "Make a certificate for clients, without --cert-file."),
  flag("peer-cert-file", "The certificate for https between replicas, as PEM."),
  flag("peer-key-file", "Its key, as PEM."),
  flag("peer-trusted-ca-file", "Who signs replicas' certificates, which are then asked for."),
  boolean("peer-client-cert-auth", "Ask replicas that connect for certificates."),
  flag("peer-client-cert-file", "A certificate for connecting to replicas, if it is another one."),
  flag("peer-client-key-file", "Its key, as PEM."),
  flag("peer-cert-allowed-cn", "Common names of which a replica's certificate must have one."),
  flag("peer-cert-allowed-hostname", "Hosts for one of which a replica's certificate must be."),
  boolean("peer-skip-client-san-verification", "Let replicas connect from any address."),
  flag("peer-crl-file", "A list of replicas' certificates that are revoked."),
  boolean("peer-auto-tls", "Make a certificate for peers; encrypts, and proves nothing."),
  {
    name: "self-signed-cert-validity",
    kind: "number",
    default: "1",
    help: "How many years a certificate is good for that was made.",
  },
  flag("tls-min-version", "The oldest TLS for clients and peers: TLS1.2 or TLS1.3."),
  flag("tls-max-version", "The newest TLS for clients and peers: TLS1.2 or TLS1.3."),
];

function flag(name: string, help: string): FlagSpec {
  return { name, kind: "string", default: "", help };
}

function boolean(name: string, help: string): FlagSpec {
  return { name, kind: "boolean", default: "false", help };
}

/** TLS on one kind of port: files that exist, or ones to be made first. */
export interface TlsSettings {
  readonly files: TlsFiles;
  /** For how many days a certificate is to be made where `files` say, or null when they are there. */
  readonly madeForDays: number | null;
}

/**
 * Reads the flags that begin with `prefix`.
 *
 * @param madeDir Where certificates go that are made.
 * @returns null where TLS is not spoken.
 * @throws {CommandError}
 */
export function parseTls(
  flags: FlagValues,
  prefix: "" | "peer-",
  isSecure: boolean,
  madeDir: string,
): TlsSettings | null {
  const versions = parseVersions(flags);
  const given = (name: string) => flags.get(`${prefix}${name}`);
  const [certFile, keyFile] = [given("cert-file"), given("key-file")];
  const isMade = certFile === "" && keyFile === "" && flags.boolean(`${prefix}auto-tls`);
  if (certFile === "" && keyFile === "" && !isMade && !isSecure) return null;
  if (!isMade && (certFile === "" || keyFile === "")) {
    const who = prefix === "" ? "clients" : "peers";
    throw new CommandError(
      `https for ${who} needs both --${prefix}cert-file and --${prefix}key-file`,
    );
  }
  const trustedCaFile = isMade ? "" : given("trusted-ca-file");
  const files: TlsFiles = {
    prefix,
    certFile: isMade ? `${madeDir}/cert.pem` : certFile,
    keyFile: isMade ? `${madeDir}/key.pem` : keyFile,
    trustedCaFile,
    // Ref: etcd client/pkg/transport/listener.go, where either of the two asks clients.
    asksClients: !isMade && (trustedCaFile !== "" || flags.boolean(`${prefix}client-cert-auth`)),
    rules: parseRules(flags, prefix),
    ...parseDiallerFiles(flags, prefix),
    isSelfSigned: isMade,
    versions,
  };
  return { files, madeForDays: isMade ? 365 * flags.number("self-signed-cert-validity") : null };
}

function parseRules(flags: FlagValues, prefix: "" | "peer-"): TlsFiles["rules"] {
  const list = (name: string) => flags.get(name).split(",").filter((part) => part !== "");
  const isPeer = prefix === "peer-";
  const commonNames = isPeer ? list("peer-cert-allowed-cn") : [];
  const hostnames = list(isPeer ? "peer-cert-allowed-hostname" : "client-cert-allowed-hostname");
  if (commonNames.length > 0 && hostnames.length > 0) {
    throw new CommandError(
      "Use either --peer-cert-allowed-cn or --peer-cert-allowed-hostname, not both",
    );
  }
  return {
    commonNames,
    hostnames,
    crlFile: flags.get(isPeer ? "peer-crl-file" : "client-crl-file"),
    checksAddress: !(isPeer && flags.boolean("peer-skip-client-san-verification")),
  };
}

function parseDiallerFiles(flags: FlagValues, prefix: "" | "peer-") {
  if (prefix === "") return { clientCertFile: "", clientKeyFile: "" };
  const clientCertFile = flags.get("peer-client-cert-file");
  const clientKeyFile = flags.get("peer-client-key-file");
  if ((clientCertFile === "") !== (clientKeyFile === "")) {
    throw new CommandError("--peer-client-cert-file and --peer-client-key-file need each other");
  }
  return { clientCertFile, clientKeyFile };
}

function parseVersions(flags: FlagValues): TlsVersions {
  const version = (name: string, value: TlsVersions["minVersion"]) => {
    switch (flags.get(name)) {
      case "":
        return value;
      case "TLS1.2":
        return "TLSv1.2";
      case "TLS1.3":
        return "TLSv1.3";
      default:
        throw new CommandError(`--${name} must be TLS1.2 or TLS1.3: it is "${flags.get(name)}"`);
    }
  };
  const minVersion = version("tls-min-version", "TLSv1.2");
  const maxVersion = version("tls-max-version", "TLSv1.3");
  if (minVersion > maxVersion) {
    throw new CommandError("--tls-min-version must not be newer than --tls-max-version");
  }
  return { minVersion, maxVersion };
}
