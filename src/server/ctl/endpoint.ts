import type { Endpoint } from "../../client/mod.ts";
import { SocketChannel, socketUrl } from "../../client/socket_channel.ts";
import { CommandError } from "../command_error.ts";
import type { FlagValues } from "../flags.ts";

export type { Endpoint };

/** How to a server behind TLS, or null where the system's certificates will do. */
export function tlsOf(flags: FlagValues): Deno.HttpClient | null {
  const [caFile, certFile, keyFile] = ["cacert", "cert", "key"].map((name) => flags.get(name));
  if (caFile + certFile + keyFile === "") return null;
  if ((certFile === "") !== (keyFile === "")) {
    throw new CommandError("--cert and --key need each other: give both");
  }
  const trust = caFile === "" ? {} : { caCerts: [readPem("cacert", caFile)] };
  const identity = certFile === ""
    ? {}
    : { cert: readPem("cert", certFile), key: readPem("key", keyFile) };
  return Deno.createHttpClient({ ...trust, ...identity });
}

/** The way to a server. @throws {CommandError} for what is no address */
export function endpointOf(text: string, tls: Deno.HttpClient | null): Endpoint {
  let url: string;
  try {
    url = socketUrl(tls !== null && !text.includes("://") ? `https://${text}` : text);
  } catch {
    throw new CommandError(
      `--endpoints has "${text}", which is no address: write it as http://host:port`,
    );
  }
  if (tls === null) return text;
  // Deno's own option, which the DOM's types do not know.
  const options = { client: tls } as unknown as string[];
  return () => new SocketChannel(new WebSocket(url, options));
}

function readPem(flag: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`--${flag} cannot be read: ${reason}`);
  }
}
