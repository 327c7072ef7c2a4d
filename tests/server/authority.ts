import {
  type Certificate,
  type CertificateRequest,
  issueCertificate,
} from "../../src/server/certificate.ts";
import { der, Tag } from "../../src/server/der.ts";
import type { TlsFiles } from "../../src/server/tls_files.ts";

const DAY_MS = 86_400_000;

/** Somebody who signs certificates. */
export class Authority {
  readonly certificate: Certificate;

  private constructor(certificate: Certificate) {
    this.certificate = certificate;
  }

  static async found(commonName: string): Promise<Authority> {
    const request = { commonName, hosts: [], isAuthority: true, ...validity(-1, 3_650) };
    return new Authority(await issueCertificate(request));
  }

  /** A certificate for this machine, unless `request` says otherwise. */
  issue(request: Partial<CertificateRequest> = {}): Promise<Certificate> {
    const hosts = ["127.0.0.1", "localhost"];
    return issueCertificate(
      { commonName: "replica", hosts, ...validity(-1, 30), ...request },
      this.certificate,
    );
  }
}

/** A time from so many days from now to so many. */
export function validity(
  fromDays: number,
  toDays: number,
): Pick<CertificateRequest, "notBefore" | "notAfter"> {
  const nowMs = Date.now();
  return {
    notBefore: new Date(nowMs + fromDays * DAY_MS),
    notAfter: new Date(nowMs + toDays * DAY_MS),
  };
}

/** Puts a certificate, and the authority to believe, where the files of one replica are. */
export async function writeFiles(
  dir: string,
  own: Certificate,
  believed: Authority,
): Promise<TlsFiles> {
  await Deno.mkdir(dir, { recursive: true });
  const files = { certFile: `${dir}/crt`, keyFile: `${dir}/key`, trustedCaFile: `${dir}/ca` };
  await Deno.writeTextFile(files.certFile, own.cert);
  await Deno.writeTextFile(files.keyFile, own.key);
  await Deno.writeTextFile(files.trustedCaFile, believed.certificate.cert);
  return {
    prefix: "peer-",
    ...files,
    asksClients: true,
    rules: { commonNames: [], hostnames: [], crlFile: "", checksAddress: true },
    clientCertFile: "",
    clientKeyFile: "",
    isSelfSigned: false,
    versions: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" },
  };
}

/** A list of revoked certificates, without the signature that nobody looks at. */
export function revocationList(serials: readonly string[]): Uint8Array {
  const time = der(Tag.UtcTime, new TextEncoder().encode("260101000000Z"));
  const entries = serials.map((serial) =>
    der(Tag.Sequence, der(Tag.Integer, Uint8Array.fromHex(serial)), time)
  );
  const signed = der(
    Tag.Sequence,
    der(Tag.Integer, new Uint8Array([1])),
    der(Tag.Sequence),
    der(Tag.Sequence),
    time,
    time,
    der(Tag.Sequence, ...entries),
  );
  return der(Tag.Sequence, signed, der(Tag.Sequence), der(Tag.BitString, new Uint8Array(2)));
}
