import { CommandError } from "./command_error.ts";

/** An address to listen on, as a flag gives it. */
export interface ListenUrl {
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  /** Whether TLS is spoken there. */
  readonly isSecure: boolean;
  /** The file of a Unix socket, which has neither host nor port; null for a port. */
  readonly path: string | null;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Splits a comma-separated list of URLs, each `http://host:port`, `https://host:port` or `unix://file`. */
export function parseUrls(flag: string, text: string): string[] {
  const urls = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (urls.length === 0) throw new CommandError(`--${flag} needs at least one URL`);
  for (const url of urls) parseListenUrl(flag, url);
  return urls;
}

/** The file that a URL such as `unix://dir/file` or `unix:///dir/file` means; null for others. */
export function unixPath(url: string): string | null {
  return url.startsWith("unix://") ? url.slice("unix://".length) : null;
}

/** Reads one URL to listen on or to be reached at. @throws {CommandError} unless it is well formed. */
export function parseListenUrl(flag: string, text: string): ListenUrl {
  const path = unixPath(text);
  if (path !== null && path !== "") {
    return { url: text, hostname: "", port: 0, isSecure: false, path };
  }
  const url = URL.parse(text);
  const isSecure = url?.protocol === "https:";
  const isBare = url !== null && (url.protocol === "http:" || isSecure) &&
    (url.pathname === "/" || url.pathname === "") && url.search === "" && url.username === "";
  if (url === null || !isBare) {
    throw new CommandError(
      `--${flag} has a URL that cannot be used: "${text}"; write it as http://host:port or ` +
        `https://host:port`,
    );
  }
  return {
    url: text,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    isSecure,
    path: null,
    port: url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port),
  };
}
