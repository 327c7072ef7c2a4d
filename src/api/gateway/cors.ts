/**
 * Cross-origin requests: which pages of other origins may use this replica. Ref: the Fetch standard's
 * CORS protocol, etcd's `--cors`.
 */

const METHODS = "POST, GET, OPTIONS, PUT, DELETE";
/** What etcd allows, and what our own client sends. */
const HEADERS = "accept, content-type, authorization, last-event-id, grpc-metadata-hasleader, " +
  "kvorum-request-identity";

/** The headers that a response carries for the page that asked. */
export type CorsHeaders = Readonly<Record<string, string>>;

const NO_HEADERS: CorsHeaders = {};

/** The origins that may use a replica from their pages. Without any, CORS is off. */
export class CorsPolicy {
  readonly #origins: ReadonlySet<string>;
  readonly #allowsAny: boolean;
  readonly #anyHeaders: CorsHeaders = headersFor("*");

  /** Allows `origins`, as "https://example.org", or all of them with "*". */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
    this.#allowsAny = this.#origins.has("*");
  }

  /** Whether no origin is allowed. */
  get isOff(): boolean {
    return this.#origins.size === 0;
  }

  /** The headers for a response to `request`. */
  headers(request: Request): CorsHeaders {
    if (this.#allowsAny) return this.#anyHeaders;
    if (this.isOff) return NO_HEADERS;
    const origin = request.headers.get("origin");
    if (origin === null || !this.#origins.has(origin)) return { "vary": "origin" };
    return { ...headersFor(origin), "vary": "origin" };
  }
}

function headersFor(origin: string): CorsHeaders {
  return {
    "access-control-allow-methods": METHODS,
    "access-control-allow-origin": origin,
    "access-control-allow-headers": HEADERS,
  };
}
