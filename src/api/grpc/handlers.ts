/** etcd's services over gRPC: which handler answers which method. */
import type { GrpcHandler, GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { type Services, unaryMethods } from "../services/methods.ts";
import { streamMethods } from "../services/stream_methods.ts";
import { type OnInternalError, refusalOf } from "./call.ts";
import { HEALTH_HANDLERS } from "./health.ts";
import { serveKeepAlive } from "./keep_alive.ts";
import { MessageWriter } from "./message_writer.ts";
import { serveStream } from "./server_stream.ts";
import { unaryHandler } from "./unary.ts";
import { serveWatch } from "./watch.ts";

/** Finds the handler of a full method such as `/etcdserverpb.KV/Range`, or `null`. */
export type GrpcLookup = (path: string) => GrpcHandler | null;

/** What the handlers are made from. */
export interface GrpcOptions {
  readonly services: Services;
  /** Hears of errors that nobody foresaw. The client gets "internal error" and no more. */
  readonly onInternalError?: OnInternalError;
}

/** Serves a stream with a writer that its messages share. */
type Serve = (call: GrpcStreamCall, writer: MessageWriter) => Promise<void>;

/** The handlers of all methods that these services have. */
export function createGrpcHandlers(options: GrpcOptions): GrpcLookup {
  const { services, onInternalError = () => {} } = options;
  const handlers = new Map<string, GrpcHandler>(HEALTH_HANDLERS);
  for (const method of unaryMethods(services)) {
    handlers.set(method.name, unaryHandler(method, onInternalError));
  }
  for (const method of streamMethods(services)) {
    const serve: Serve = (call, writer) => serveStream(call, method, writer);
    handlers.set(method.name, streamHandler(serve, onInternalError));
  }
  for (const [name, serve] of Object.entries(dialogues(services))) {
    handlers.set(name, streamHandler(serve, onInternalError));
  }
  return (path) => handlers.get(path) ?? null;
}

/** The methods in which both sides say many messages. */
function dialogues({ watch, lease }: Services): Readonly<Record<string, Serve>> {
  return {
    "/etcdserverpb.Watch/Watch": (call, writer) => serveWatch(call, watch, writer),
    "/etcdserverpb.Lease/LeaseKeepAlive": (call, writer) => serveKeepAlive(call, lease, writer),
  };
}

function streamHandler(serve: Serve, onInternalError: OnInternalError): GrpcHandler {
  const writer = new MessageWriter();
  return {
    kind: "stream",
    async handle(call) {
      try {
        await serve(call, writer);
      } catch (thrown) {
        // A cancelled call has no status to give any more.
        if (call.cancelled === null) throw refusalOf(thrown, call, onInternalError);
      }
    },
  };
}
