import { connect, type ConnectionOptions } from "node:tls";
import type { Connect } from "./dialled_channel.ts";
import { NodeSocket } from "./node_socket.ts";
import type { Socket } from "./socket.ts";
import { readClientSecrets, type TlsFiles } from "./tls_files.ts";

/**
 * How this replica presents itself to others, and whom it believes. The files are read every time, so
 * that new ones are in use from the next connection on.
 *
 * @throws {CommandError} for files that cannot be used.
 */
export function peerTlsOptions(files: TlsFiles | null): ConnectionOptions {
  if (files === null) return {};
  return {
    ...readClientSecrets(files),
    ...files.versions,
    rejectUnauthorized: !files.isSelfSigned,
  };
}

/** Opens connections to peers: with TLS for `wss`, and without for `ws`. */
export function peerConnector(files: TlsFiles | null): Connect {
  return async ({ protocol, hostname: host, port: text }, signal) => {
    const isSecure = protocol === "wss:";
    const hostname = host.replace(/^\[|\]$/g, "");
    const port = Number(text) || (isSecure ? 443 : 80);
    if (isSecure) return await connectTls(hostname, port, peerTlsOptions(files), signal);
    const connection = await Deno.connect({ hostname, port, signal });
    connection.setNoDelay(true);
    return connection;
  };
}

async function connectTls(
  host: string,
  port: number,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connect({ ...options, host, port, ALPNProtocols: ["http/1.1"] });
  const giveUp = () => socket.destroy(new Error("given up"));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed while shaking hands")));
    });
    return new NodeSocket(socket);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
