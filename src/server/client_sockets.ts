import type { FetchHandler } from "../api/fetch_handler.ts";
import type { MultiplexServer } from "../api/websocket/multiplex_server.ts";
import { MULTIPLEX_PATH } from "../proto/multiplex/hello.ts";

/**
 * A handler that gives WebSockets at `/kvorum/v1` to `server` and everything else to `rest`.
 *
 * @param origins The origins of pages that may connect besides those that this very server delivered;
 * "*" for all. Programs that are no pages say no origin.
 */
export function withClientSockets(
  rest: FetchHandler,
  server: MultiplexServer,
  origins: readonly string[],
): FetchHandler {
  return async (request) => {
    if (!request.url.includes(MULTIPLEX_PATH)) return await rest(request);
    const url = new URL(request.url);
    if (url.pathname !== MULTIPLEX_PATH) return await rest(request);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(426, "Clients connect here by WebSocket.");
    }
    if (!mayConnect(request.headers.get("origin"), url, origins)) {
      return refuse(403, "Pages of this origin may not connect: see --cors.");
    }
    if (server.isFull) return refuse(503, "Not now.");
    // Silent clients are closed by the protocol's own rules.
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    server.accept(socket);
    return response;
  };
}

/**
 * Whether a page of this origin may open a WebSocket here. Why: unlike `fetch`, it is not held back by
 * the browser's same-origin policy.
 */
export function mayConnect(origin: string | null, url: URL, origins: readonly string[]): boolean {
  if (origin === null || origins.includes("*") || origins.includes(origin)) return true;
  return URL.parse(origin)?.host === url.host;
}

function refuse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
