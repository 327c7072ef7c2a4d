/** Which part of the gateway serves a path. */
import type { CallContext } from "../call_context.ts";
import { parseRequestIdentity, REQUEST_IDENTITY_HEADER } from "../../proto/request_identity.ts";
import { GrpcCode, RpcError, toRpcError } from "../errors.ts";
import type { StreamMethod, UnaryMethod } from "../services/method.ts";
import { type Services, unaryMethods } from "../services/methods.ts";
import { streamMethods } from "../services/stream_methods.ts";
import type { BodyIntake } from "./body_intake.ts";
import { streamKeepAlive } from "./keep_alive.ts";
import { errorResponse, methodNotAllowed, notFound } from "./responses.ts";
import { serveStream } from "./server_stream.ts";
import { streamEvents, wantsEvents } from "./sse.ts";
import { streamWatch } from "./stream.ts";
import { serveUnary } from "./unary.ts";

const WATCH_PATH = "/v3/watch";
const KEEP_ALIVE_PATH = "/v3/lease/keepalive";
const LEGACY_PREFIX = "/v3beta/";

/** The path of an absolute URL, without its query. Why by hand: `URL` costs more than the rest. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  let end = url.length;
  for (const mark of ["?", "#"]) {
    const at = url.indexOf(mark, start);
    if (at !== -1 && at < end) end = at;
  }
  return url.slice(start, end);
}

/** etcd's JSON gateway: `/v3/…`. */
export class Router {
  readonly #services: Services;
  readonly #methods: ReadonlyMap<string, UnaryMethod>;
  readonly #streams: ReadonlyMap<string, StreamMethod>;
  readonly #intake: BodyIntake;
  readonly #onInternalError: (error: Error, request: Request) => void;

  constructor(
    services: Services,
    intake: BodyIntake,
    onInternalError: (error: Error, request: Request) => void,
  ) {
    this.#services = services;
    this.#methods = byPath(unaryMethods(services));
    this.#streams = byPath(streamMethods(services));
    this.#intake = intake;
    this.#onInternalError = onInternalError;
  }

  /** Serves a request for `path`. A refusal is a response, too. */
  async route(path: string, request: Request): Promise<Response> {
    const known = path.startsWith(LEGACY_PREFIX) ? `/v3/${path.slice(LEGACY_PREFIX.length)}` : path;
    const method = this.#methods.get(known);
    try {
      if (method !== undefined) {
        if (request.method !== "POST") return methodNotAllowed();
        const context = contextOf(request);
        // Why not always: the platform makes a signal only when it is asked for one.
        const full = method.waits ? { ...context, signal: request.signal } : context;
        return await serveUnary(method, request, full, this.#intake);
      }
      return await this.#stream(known, request);
    } catch (thrown) {
      return errorResponse(this.#refusal(thrown, request));
    }
  }

  #stream(path: string, request: Request): Response | Promise<Response> {
    if (path === WATCH_PATH) return this.#watch(request);
    const method = this.#streams.get(path);
    if (method === undefined && path !== KEEP_ALIVE_PATH) return notFound(path);
    if (request.method !== "POST") return methodNotAllowed();
    if (method !== undefined) {
      return serveStream(request, method, contextOf(request), this.#intake);
    }
    return streamKeepAlive(request, this.#services.lease, contextOf(request), this.#intake);
  }

  #watch(request: Request): Response | Promise<Response> {
    const events = wantsEvents(request);
    if (!events && request.method !== "POST") return methodNotAllowed();
    const call = this.#services.watch.open(contextOf(request));
    return events ? streamEvents(request, call) : streamWatch(request, call, this.#intake);
  }

  #refusal(thrown: unknown, request: Request): RpcError {
    const error = toRpcError(thrown);
    if (error.code === GrpcCode.Internal) this.#onInternalError(error, request);
    return error;
  }
}

function byPath<M extends { readonly paths: readonly string[] }>(methods: readonly M[]) {
  return new Map(methods.flatMap((method) => method.paths.map((path) => [path, method] as const)));
}

const NOBODY: CallContext = { caller: null, requireLeader: false };
const NOBODY_WITH_LEADER: CallContext = { caller: null, requireLeader: true };

/**
 * What HTTP's headers say besides the message: the metadata that etcd's gateway takes, and the name
 * under which a write is applied once.
 * @throws {RpcError} if that is no such name
 */
function contextOf(request: Request): CallContext {
  const { headers } = request;
  const context = headers.get("grpc-metadata-hasleader") === "true" ? NOBODY_WITH_LEADER : NOBODY;
  const text = headers.get(REQUEST_IDENTITY_HEADER);
  if (text === null) return context;
  const requestIdentity = parseRequestIdentity(text);
  if (requestIdentity !== null) return { ...context, requestIdentity };
  throw new RpcError(GrpcCode.InvalidArgument, `kvorum: malformed ${REQUEST_IDENTITY_HEADER}`);
}
