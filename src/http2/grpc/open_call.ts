import { HeaderField } from "../hpack/header_field.ts";
import type { RequestHead } from "../request_head.ts";
import type { Stream, StreamConsumer } from "../stream.ts";
import { ANSWER_HEAD, type CallContext, CallState } from "./call_state.ts";
import type { GrpcHandler } from "./handler.ts";
import { GrpcCode, statusFields } from "./status.ts";
import { StreamExchange } from "./stream_exchange.ts";
import { parseTimeoutMs } from "./timeout.ts";
import { UnaryExchange } from "./unary_exchange.ts";

const GRPC = "application/grpc";
const ACCEPTS = new HeaderField("grpc-accept-encoding", "identity");

/** For a stream whose answer is already given. */
const DONE: StreamConsumer = { onData() {}, onEnd() {}, onAbort() {}, onDrained() {} };

/** Whether a request is meant for gRPC, well-formed or not. */
export function isGrpc(head: RequestHead): boolean {
  return head.contentType.startsWith(GRPC);
}

/** Finds out what a request for gRPC wants, and answers those that nobody can serve. */
export function openCall(
  stream: Stream,
  head: RequestHead,
  handlerOf: (path: string) => GrpcHandler | null,
  context: CallContext,
): StreamConsumer {
  const refused = refusalOf(head);
  const handler = refused === null ? handlerOf(head.path) : null;
  if (refused !== null || handler === null) {
    const [status, code, message] = refused ?? [200, GrpcCode.UNIMPLEMENTED, unknown(head.path)];
    refuse(stream, status, code, message);
    return DONE;
  }
  const timeoutMs = head.grpcTimeout === "" ? Infinity : parseTimeoutMs(head.grpcTimeout);
  const call = new CallState(stream, head, context, timeoutMs as number);
  if (handler.kind === "unary") return new UnaryExchange(call, handler);
  const exchange = new StreamExchange(call);
  exchange.run(handler);
  return exchange;
}

/** HTTP status, gRPC code and message for what is no proper call, in grpc-go's words. */
function refusalOf(head: RequestHead): [number, number, string] | null {
  const { method, contentType, grpcEncoding, grpcTimeout } = head;
  if (method !== "POST") {
    const message = `Received a HEADERS frame with :method "${method}" which should be POST`;
    return [405, GrpcCode.INTERNAL, message];
  }
  if (contentType.length > GRPC.length && !"+;".includes(contentType[GRPC.length])) {
    const message = `invalid gRPC request content-type "${contentType}"`;
    return [415, GrpcCode.INVALID_ARGUMENT, message];
  }
  if (grpcTimeout !== "" && parseTimeoutMs(grpcTimeout) === null) {
    return [400, GrpcCode.INTERNAL, `malformed grpc-timeout: "${grpcTimeout}"`];
  }
  if (grpcEncoding !== "" && grpcEncoding !== "identity") {
    const message = `grpc: Decompressor is not installed for grpc-encoding "${grpcEncoding}"`;
    return [200, GrpcCode.UNIMPLEMENTED, message];
  }
  return null;
}

/** What grpc-go says of a method that it does not know. */
function unknown(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash <= 0) return `malformed method name: "${path}"`;
  return `unknown method ${path.slice(slash + 1)} for service ${path.slice(1, slash)}`;
}

function refuse(stream: Stream, status: number, code: number, message: string): void {
  const head = status === 200 ? ANSWER_HEAD : [statusField(status), ...ANSWER_HEAD.slice(1)];
  const extra = code === GrpcCode.UNIMPLEMENTED ? [ACCEPTS] : [];
  stream.sendHeaders([...head, ...extra, ...statusFields(code, message)], true);
  stream.releaseHandler();
}

function statusField(status: number): HeaderField {
  return new HeaderField(":status", String(status));
}
