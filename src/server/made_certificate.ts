import { X509Certificate } from "node:crypto";
import { dirname } from "node:path";
import { issueCertificate } from "./certificate.ts";
import { CommandError } from "./command_error.ts";
import type { TlsSettings } from "./tls_flags.ts";

const DAY_MS = 86_400_000;

/**
 * Makes the certificate for which `--auto-tls` asks, unless there is one from an earlier start that
 * is still good.
 *
 * @throws {CommandError} when it cannot be written.
 */
export async function makeMissing(
  settings: TlsSettings | null,
  hosts: readonly string[],
): Promise<void> {
  if (settings === null || settings.madeForDays === null) return;
  const { certFile, keyFile } = settings.files;
  if (isStillGood(certFile)) return;
  const nowMs = Date.now();
  const { cert, key } = await issueCertificate({
    commonName: "kvorum",
    hosts,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + settings.madeForDays * DAY_MS),
  });
  try {
    await Deno.mkdir(dirname(certFile), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(keyFile, key, { mode: 0o600 });
    await Deno.writeTextFile(certFile, cert);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot write the certificate ${certFile}: ${reason}`);
  }
}

function isStillGood(certFile: string): boolean {
  try {
    return Date.parse(new X509Certificate(Deno.readTextFileSync(certFile)).validTo) > Date.now();
  } catch {
    return false;
  }
}
