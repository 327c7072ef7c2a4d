/** etcd's services over gRPC: which handler answers which method. */
import type { GrpcHandler, GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { type Services, unaryMethods } from "../services/methods.ts";
import { type OnInternalError, refusalOf } from "./call.ts";
import { serveKeepAlive } from "./keep_alive.ts";
import { MessageWriter } from "./message_writer.ts";
import { serveSnapshot } from "./snapshot.ts";
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
type ServeStream = (call: GrpcStreamCall, writer: MessageWriter) => Promise<void>;

/** The handlers of all methods that these services have. */
export function createGrpcHandlers(options: GrpcOptions): GrpcLookup {
  const { services, onInternalError = () => {} } = options;
  const handlers = new Map<string, GrpcHandler>();
  for (const method of unaryMethods(services)) {
    handlers.set(method.name, unaryHandler(method, onInternalError));
  }
  for (const [name, serve] of Object.entries(streams(services))) {
    handlers.set(name, streamHandler(serve, onInternalError));
  }
  return (path) => handlers.get(path) ?? null;
}

function streams({ watch, lease, maintenance }: Services): Readonly<Record<string, ServeStream>> {
  return {
    "/etcdserverpb.Watch/Watch": (call, writer) => serveWatch(call, watch, writer),
    "/etcdserverpb.Lease/LeaseKeepAlive": (call, writer) => serveKeepAlive(call, lease, writer),
    "/etcdserverpb.Maintenance/Snapshot": (call, writer) =>
      serveSnapshot(call, maintenance, writer),
  };
}

function streamHandler(serve: ServeStream, onInternalError: OnInternalError): GrpcHandler {
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
