import { createPrivateKey, X509Certificate } from "node:crypto";
import { CommandError } from "./command_error.ts";

/** Where certificates are, and who may come in with which. */
export interface TlsFiles {
  /** What the names of the flags begin with: `""` for clients, `"peer-"` for peers. */
  readonly prefix: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Who signs the others' certificates; empty means everybody whom the system trusts. */
  readonly trustedCaFile: string;
  /** Whether those who connect have to show a certificate. */
  readonly asksClients: boolean;
  /** What else a certificate has to fulfil that is shown. */
  readonly rules: CertificateRules;
  /** The certificate to show when dialling, where it is not that of the server. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** Whether peers have certificates that nobody has signed, so that only encryption is had. */
  readonly isSelfSigned: boolean;
  readonly versions: TlsVersions;
}

/** Which versions of TLS are spoken, as Node writes them. */
export interface TlsVersions {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
}

/** What a certificate has to fulfil besides being signed. */
export interface CertificateRules {
  /** Common names of which it must have one; empty for any. */
  readonly commonNames: readonly string[];
  /** Hosts for one of which it must be good; empty for any. */
  readonly hostnames: readonly string[];
  /** A list of revoked ones; empty for none. */
  readonly crlFile: string;
  /** Whether the names in it must be those of the address that it comes from. */
  readonly checksAddress: boolean;
}

/** What the files hold. */
export interface TlsSecrets {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Reads what a server shows and believes. @throws {CommandError} unless it can be used together. */
export function readServerSecrets(files: TlsFiles): TlsSecrets {
  return readSecrets(files, files.certFile, files.keyFile, "");
}

/** Reads what a dialler shows and believes. @throws {CommandError} unless it can be used together. */
export function readClientSecrets(files: TlsFiles): TlsSecrets {
  return files.clientCertFile === ""
    ? readServerSecrets(files)
    : readSecrets(files, files.clientCertFile, files.clientKeyFile, "client-");
}

function readSecrets(
  { prefix, trustedCaFile }: TlsFiles,
  certFile: string,
  keyFile: string,
  infix: string,
): TlsSecrets {
  const cert = read(`${prefix}${infix}cert-file`, certFile);
  const key = read(`${prefix}${infix}key-file`, keyFile);
  if (!isPair(cert, key)) {
    throw new CommandError(
      `--${prefix}${infix}cert-file ${certFile} and --${prefix}${infix}key-file ${keyFile} are no ` +
        `certificate and its key in PEM`,
    );
  }
  if (trustedCaFile === "") return { cert, key };
  return { cert, key, ca: read(`${prefix}trusted-ca-file`, trustedCaFile) };
}

/** Why: the server would take what does not fit together and then turn everybody away. */
function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function read(flag: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot read --${flag} ${path}: ${reason}`);
  }
}
