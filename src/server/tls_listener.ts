/**
 * TLS for clients.
 *
 * Why Node's and not Deno's own: only Node's can ask clients for certificates and take new ones of
 * its own while it runs.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:tls";
import { CommandError } from "./command_error.ts";
import { TlsSocket } from "./tls_socket.ts";

/** How long a client may take to shake hands. */
const HANDSHAKE_MS = 10_000;
/** How often the files are looked at. */
export const RELOAD_MS = 5_000;

/** Where the certificates are. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who signs clients' certificates; empty means everybody whom the system trusts. */
  readonly trustedCaFile: string;
  /** Whether clients have to show a certificate. */
  readonly asksClients: boolean;
}

/** What the files hold. */
interface Secrets {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Who hears of connections and of what goes wrong. */
export interface TlsHandlers {
  onConnection(socket: TlsSocket): void;
  /** A client could not shake hands. */
  onRejected(address: string, error: Error): void;
  /** The files have new certificates, or, with an error, something that is none. */
  onReload(error: Error | null): void;
}

/** Listens for clients that speak TLS. */
export class TlsListener {
  readonly #server: Server;
  readonly #files: TlsFiles;
  readonly #handlers: TlsHandlers;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What was told last, so that it is told once. */
  #complaint = "";
  #secrets: Secrets;

  private constructor(server: Server, files: TlsFiles, secrets: Secrets, handlers: TlsHandlers) {
    this.#server = server;
    this.#files = files;
    this.#secrets = secrets;
    this.#handlers = handlers;
    this.#timer = setInterval(() => this.reload(), RELOAD_MS);
  }

  /** Listens. @throws {CommandError} for files that cannot be used; what the platform says else. */
  static async listen(
    hostname: string,
    port: number,
    files: TlsFiles,
    handlers: TlsHandlers,
  ): Promise<TlsListener> {
    const secrets = readSecrets(files);
    const server = createServer({
      ...secrets,
      requestCert: files.asksClients,
      rejectUnauthorized: files.asksClients,
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: HANDSHAKE_MS,
    }, (socket) => handlers.onConnection(new TlsSocket(socket)));
    server.on("tlsClientError", (error, { remoteAddress, remotePort }) => {
      handlers.onRejected(`${remoteAddress}:${remotePort}`, error);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, hostname, resolve);
    });
    return new TlsListener(server, files, secrets, handlers);
  }

  /** Reads the files again; connections that begin from now on see what is new. */
  reload(): void {
    try {
      const secrets = readSecrets(this.#files);
      const { cert, key, ca } = this.#secrets;
      if (secrets.cert === cert && secrets.key === key && secrets.ca === ca) return;
      this.#server.setSecureContext({ ...secrets });
      this.#secrets = secrets;
      this.#complaint = "";
      this.#handlers.onReload(null);
    } catch (thrown) {
      // What was good goes on: certificate and key are not replaced in the same instant.
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error.message === this.#complaint) return;
      this.#complaint = error.message;
      this.#handlers.onReload(error);
    }
  }

  /** Listens no more. Connections live on. */
  close(): void {
    clearInterval(this.#timer);
    this.#server.close();
  }
}

/** Reads the files. @throws {CommandError} unless they can be used together. */
function readSecrets({ certFile, keyFile, trustedCaFile }: TlsFiles): Secrets {
  const cert = read("cert-file", certFile);
  const key = read("key-file", keyFile);
  if (!isPair(cert, key)) {
    throw new CommandError(
      `--cert-file ${certFile} and --key-file ${keyFile} are no certificate and its key in PEM`,
    );
  }
  return trustedCaFile === ""
    ? { cert, key }
    : { cert, key, ca: read("trusted-ca-file", trustedCaFile) };
}

/** Why: the server would take what does not fit together and then turn every client away. */
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
