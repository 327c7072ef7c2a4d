import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { explainDistrust, refuseCertificate } from "./certificate_rules.ts";
import type { Clock } from "../base/clock.ts";
import type { PeerChannel } from "../transport/peer_channel.ts";
import { PEER_PATH, peerSocketUrl } from "../transport/websocket.ts";
import { type Connect, DialledChannel } from "./dialled_channel.ts";
import { unixPath } from "./listen_url.ts";
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

/** Opens a channel to a peer's URL. @throws {TypeError} for one that is none. */
export function dialPeer(peerUrl: string, tls: TlsFiles | null, clock: Clock): PeerChannel {
  const path = unixPath(peerUrl);
  if (path === null) return new DialledChannel(peerSocketUrl(peerUrl), peerConnector(tls), clock);
  const connect = () => Deno.connect({ transport: "unix", path });
  return new DialledChannel(`ws://localhost${PEER_PATH}`, connect, clock);
}

/** Opens connections to peers: with TLS for `wss`, and without for `ws`. */
export function peerConnector(files: TlsFiles | null): Connect {
  return async ({ protocol, hostname: host, port: text }, signal) => {
    const isSecure = protocol === "wss:";
    const hostname = host.replace(/^\[|\]$/g, "");
    const port = Number(text) || (isSecure ? 443 : 80);
    if (isSecure) return await connectTls(hostname, port, files, signal);
    const connection = await Deno.connect({ hostname, port, signal });
    connection.setNoDelay(true);
    return connection;
  };
}

async function connectTls(
  host: string,
  port: number,
  files: TlsFiles | null,
  signal: AbortSignal,
): Promise<Socket> {
  const options = { ...peerTlsOptions(files), host, port, ALPNProtocols: ["http/1.1"] };
  // Who is not trusted is judged below, where there is more to say about it.
  const socket = connect({ ...options, rejectUnauthorized: false });
  const giveUp = () => socket.destroy(new Error("given up"));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed while shaking hands")));
    });
    const refusal = await refuseServer(socket, files);
    if (refusal === null) return new NodeSocket(socket);
    socket.destroy();
    throw new Error(refusal);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** The rules are for both ends; where a server may be is in the address that was dialled. */
async function refuseServer(socket: TLSSocket, files: TlsFiles | null): Promise<string | null> {
  if (files?.isSelfSigned) return null;
  const { raw } = socket.getPeerCertificate();
  // Safety: only this knows whether the certificate is signed, and for this host.
  if (!socket.authorized || raw === undefined) {
    return `bad certificate: ${explainDistrust(raw, String(socket.authorizationError))}`;
  }
  if (files === null) return null;
  return await refuseCertificate(raw, "", { ...files.rules, checksAddress: false });
}
