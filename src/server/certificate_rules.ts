import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { normalSerial, revokedSerials } from "./revocation_list.ts";
import type { CertificateRules } from "./tls_files.ts";

/** What etcd's users know a certificate by that is signed and not welcome. */
const NOT_ALLOWED = "bad certificate: client certificate authentication failed";

/**
 * Why a signed certificate is not good enough, or null if it is.
 *
 * Ref: etcd client/pkg/transport/listener.go and listener_tls.go.
 *
 * @param address Where it comes from.
 */
export async function refuseCertificate(
  raw: Uint8Array,
  address: string,
  rules: CertificateRules,
): Promise<string | null> {
  try {
    return await refusal(raw, address, rules);
  } catch (error) {
    return `bad certificate: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * Why the runtime has not found a certificate to be good, as far as can be told: it says the same of
 * one whose time is over as of one that nobody has signed.
 *
 * @param reason What the runtime says.
 */
export function explainDistrust(raw: Uint8Array | undefined, reason: string): string {
  if (raw === undefined) return reason;
  const { validFrom, validTo } = new X509Certificate(raw);
  if (Date.parse(validTo) < Date.now()) return `the certificate has expired on ${validTo}`;
  if (Date.parse(validFrom) > Date.now()) return `the certificate is not good until ${validFrom}`;
  return reason;
}

async function refusal(
  raw: Uint8Array,
  address: string,
  rules: CertificateRules,
): Promise<string | null> {
  const certificate = new X509Certificate(raw);
  const { commonNames, hostnames } = rules;
  if (commonNames.length > 0 && !commonNames.includes(commonNameOf(certificate))) {
    return `${NOT_ALLOWED}: its common name "${commonNameOf(certificate)}" is not allowed`;
  }
  if (hostnames.length > 0 && !hostnames.some((host) => isFor(certificate, host))) {
    return `${NOT_ALLOWED}: it is valid for ${
      namesOf(certificate).join()
    }, not ${hostnames.join()}`;
  }
  if (rules.crlFile !== "" && isRevoked(certificate, rules.crlFile)) {
    return `bad certificate: serial ${certificate.serialNumber.toLowerCase()} revoked`;
  }
  return rules.checksAddress ? await refuseAddress(certificate, address) : null;
}

function isRevoked({ serialNumber }: X509Certificate, crlFile: string): boolean {
  // Read every time, so that what is revoked from now on is known from now on.
  return revokedSerials(Deno.readFileSync(crlFile)).has(normalSerial(serialNumber));
}

/** A certificate that names hosts must come from one of them. */
async function refuseAddress(
  certificate: X509Certificate,
  address: string,
): Promise<string | null> {
  const names = namesOf(certificate);
  if (names.length === 0 || isFor(certificate, address)) return null;
  for (const name of names) {
    if (isAddress(name)) continue;
    const found = await lookup(name, { all: true }).catch(() => []);
    if (found.some((entry) => entry.address === address)) return null;
  }
  return `bad certificate: x509: certificate is valid for ${names.join()}, not ${address}`;
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isAddress(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  return found !== undefined;
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(":");
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return [...(subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name]) =>
    name
  );
}

function commonNameOf({ subject }: X509Certificate): string {
  return /(?:^|\n)CN=(.*)/.exec(subject ?? "")?.[1] ?? "";
}
