/**
 * TLS for clients and peers.
 *
 * Why Node's and not Deno's own: only Node's can ask for certificates and take new ones of its own
 * while it runs.
 */
import { createServer as createPlainServer, type Server, type Socket as NetSocket } from "node:net";
import { createServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { explainDistrust, refuseCertificate } from "./certificate_rules.ts";
import { NodeSocket } from "./node_socket.ts";
import { readServerSecrets, type TlsFiles, type TlsSecrets } from "./tls_files.ts";

/** How long a client may take to shake hands. */
const HANDSHAKE_MS = 10_000;
/** How often the files are looked at. */
export const RELOAD_MS = 5_000;
/** What a connection with TLS begins with: a record of the handshake. Ref: RFC 8446 §5.1. */
const HANDSHAKE_RECORD = 22;

/** Who hears of connections and of what goes wrong. */
export interface TlsHandlers {
  onConnection(socket: NodeSocket): void;
  /** Somebody could not shake hands. */
  onRejected(address: string, reason: string): void;
  /** The files have new certificates, or, with an error, something that is none. */
  onReload(error: Error | null): void;
}

/** Where a listener listens, and how. */
export interface TlsAddress {
  readonly hostname: string;
  readonly port: number;
  /** What may be spoken, by ALPN, the preferred first. */
  readonly protocols: readonly string[];
  /** Whether connections without TLS are taken, too, told apart by their first byte. */
  readonly takesPlain: boolean;
}

/** Listens for those who speak TLS. */
export class TlsListener {
  readonly #server: TlsServer;
  /** What is bound: the server itself, or one that looks at the first byte. */
  readonly #door: Server;
  readonly #files: TlsFiles;
  readonly #handlers: TlsHandlers;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What was told last, so that it is told once. */
  #complaint = "";
  #secrets: TlsSecrets;

  /** Whether who is refused is told why: the runtime closes a connection with TLS without a word. */
  readonly #tellsWhy: boolean;

  private constructor(address: TlsAddress, files: TlsFiles, handlers: TlsHandlers) {
    this.#tellsWhy = !address.protocols.includes("h2");
    this.#files = files;
    this.#handlers = handlers;
    this.#secrets = readServerSecrets(files);
    this.#server = createServer({
      ...this.#secrets,
      ...files.versions,
      requestCert: files.asksClients,
      rejectUnauthorized: files.asksClients && !this.#tellsWhy,
      ALPNProtocols: [...address.protocols],
      handshakeTimeout: HANDSHAKE_MS,
    }, (socket) => this.#take(socket));
    this.#server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      const why = socket.authorizationError;
      handlers.onRejected(addressOf(socket), why ? `bad certificate: ${why}` : error.message);
    });
    this.#door = address.takesPlain
      ? createPlainServer((socket) => this.#tellApart(socket))
      : this.#server;
    this.#timer = setInterval(() => this.reload(), RELOAD_MS);
  }

  /** Listens. @throws {CommandError} for files that cannot be used; what the platform says else. */
  static async listen(
    address: TlsAddress,
    files: TlsFiles,
    handlers: TlsHandlers,
  ): Promise<TlsListener> {
    const listener = new TlsListener(address, files, handlers);
    try {
      await new Promise<void>((resolve, reject) => {
        listener.#door.once("error", reject);
        listener.#door.listen(address.port, address.hostname, resolve);
      });
      return listener;
    } catch (error) {
      clearInterval(listener.#timer);
      throw error;
    }
  }

  #tellApart(socket: NetSocket): void {
    socket.on("error", () => "it has gone, which its end says, too");
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
    socket.once("readable", () => {
      const first: Uint8Array | null = socket.read();
      if (first === null) return socket.destroy();
      socket.setTimeout(0);
      socket.unshift(first);
      if (first[0] === HANDSHAKE_RECORD) this.#server.emit("connection", socket);
      else this.#handlers.onConnection(new NodeSocket(socket));
    });
  }

  async #take(socket: TLSSocket): Promise<void> {
    const connection = new NodeSocket(socket);
    const refusal = this.#files.asksClients ? await this.#refuse(socket) : null;
    if (refusal === null) return this.#handlers.onConnection(connection);
    this.#handlers.onRejected(addressOf(socket), refusal);
    if (this.#tellsWhy) await sayNo(connection, refusal);
    connection.close();
  }

  async #refuse(socket: TLSSocket): Promise<string | null> {
    const { raw } = socket.getPeerCertificate();
    if (raw === undefined) return "bad certificate: there is none";
    // Safety: whoever the runtime has not found to be signed for is nobody.
    if (!socket.authorized) {
      return `bad certificate: ${explainDistrust(raw, String(socket.authorizationError))}`;
    }
    return await refuseCertificate(raw, socket.remoteAddress ?? "", this.#files.rules);
  }

  /** Reads the files again; connections that begin from now on see what is new. */
  reload(): void {
    try {
      const secrets = readServerSecrets(this.#files);
      const { cert, key, ca } = this.#secrets;
      if (secrets.cert === cert && secrets.key === key && secrets.ca === ca) return;
      this.#server.setSecureContext({ ...secrets, ...this.#files.versions });
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
    this.#door.close();
  }
}

/** Says why in the first line of an answer, and waits until it is on its way. */
async function sayNo(connection: NodeSocket, reason: string): Promise<void> {
  const phrase = reason.replace(/[^\x20-\x7e]/g, "?");
  const answer = `HTTP/1.1 403 ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  try {
    await connection.write(new TextEncoder().encode(answer));
    await connection.closeWrite();
  } catch {
    // It has gone already.
  }
}

function addressOf({ remoteAddress, remotePort }: NetSocket): string {
  return `${remoteAddress}:${remotePort}`;
}
