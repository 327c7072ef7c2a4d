/** The plain HTTP answers of the gateway, in the form that etcd gives them. */
import { GrpcCode, httpStatus, RpcError, toRpcError } from "../errors.ts";
import { MessageFault } from "./json_decode.ts";
import { JsonSyntaxError } from "./json_scanner.ts";

const JSON_HEADERS: HeadersInit = { "content-type": "application/json" };
const TEXT_HEADERS: HeadersInit = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};

/** A message that is JSON text already. */
export function jsonResponse(text: string): Response {
  return new Response(text, { headers: JSON_HEADERS });
}

/** A refusal as a body of its own. The text comes twice: old clients read `error`, new `message`. */
export function errorResponse(error: RpcError): Response {
  const text = JSON.stringify(error.message);
  return new Response(`{"error":${text},"message":${text},"code":${error.code}}`, {
    status: httpStatus(error.code),
    headers: JSON_HEADERS,
  });
}

/** A stream of lines of JSON. */
export function lineStreamResponse(lines: ReadableStream<Uint8Array>): Response {
  return new Response(lines, { headers: JSON_HEADERS });
}

/** Whether what was thrown says that a body is not the message that it should be. */
export function isMalformed(thrown: unknown): thrown is Error {
  return thrown instanceof JsonSyntaxError || thrown instanceof MessageFault;
}

/**
 * The refusal of a stream's first message.
 *
 * Why Unknown: in a stream, etcd's gateway passes on what its decoder says without a status.
 */
export function streamFault(thrown: unknown): Response {
  return errorResponse(
    isMalformed(thrown) ? new RpcError(GrpcCode.Unknown, thrown.message) : toRpcError(thrown),
  );
}

/** A refusal as the last line of a stream. */
export function errorLine(error: RpcError): string {
  const text = JSON.stringify(error.message);
  const status = httpStatus(error.code);
  return `{"error":{"grpc_code":${error.code},"http_code":${status},"message":${text},` +
    `"http_status":"${HTTP_REASON[status] ?? ""}","code":${error.code}}}\n`;
}

const HTTP_REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** There is nothing at this path. Under /v3 etcd's words differ. */
export function notFound(path: string): Response {
  const text = path.startsWith("/v3/") ? "Not Found\n" : "404 page not found\n";
  return new Response(text, { status: 404, headers: TEXT_HEADERS });
}

/** The path is there, and wants another method. */
export function methodNotAllowed(allow?: string): Response {
  return new Response("Method Not Allowed\n", {
    status: 405,
    headers: allow === undefined ? TEXT_HEADERS : { ...TEXT_HEADERS, allow },
  });
}
