/** etcd's services over gRPC: which handler answers which method. */
import type { GrpcHandler, GrpcStreamCall } from "../../http2/grpc/handler.ts";
import { GrpcCode, RpcError } from "../errors.ts";
import { GrpcMetrics, type MethodMeter } from "../metrics/grpc_metrics.ts";
import { Metrics } from "../metrics/metric.ts";
import { type Services, unaryMethods } from "../services/methods.ts";
import { streamMethods } from "../services/stream_methods.ts";
import { endOf, type OnInternalError, refusalOf } from "./call.ts";
import { HEALTH_HANDLERS } from "./health.ts";
import { serveKeepAlive } from "./keep_alive.ts";
import { MessageWriter } from "./message_writer.ts";
import { MeteredCall } from "./metered_call.ts";
import { serveStream } from "./server_stream.ts";
import { unaryHandler } from "./unary.ts";
import { serveWatch } from "./watch.ts";

/**
 * Finds the handler of a full method such as `/etcdserverpb.KV/Range`, or `null` for a method that its
 * service does not have.
 */
export type GrpcLookup = (path: string) => GrpcHandler | null;

/** What the handlers are made from. */
export interface GrpcOptions {
  readonly services: Services;
  /** Where calls and messages are counted. */
  readonly metrics?: Metrics;
  /** Hears of errors that nobody foresaw. The client gets "internal error" and no more. */
  readonly onInternalError?: OnInternalError;
}

/** Serves a stream with a writer that its messages share. */
type Serve = (call: GrpcStreamCall, writer: MessageWriter) => Promise<void>;

/** The handlers of all methods that these services have. */
export function createGrpcHandlers(options: GrpcOptions): GrpcLookup {
  const { services, metrics = new Metrics(), onInternalError = () => {} } = options;
  const counts = new GrpcMetrics(metrics);
  const handlers = new Map<string, GrpcHandler>(HEALTH_HANDLERS);
  for (const method of unaryMethods(services)) {
    const meter = counts.meterOf(method.name, "unary");
    handlers.set(method.name, unaryHandler(method, meter, onInternalError));
  }
  for (const method of streamMethods(services)) {
    const meter = counts.meterOf(method.name, "server_stream");
    const serve: Serve = (call, writer) => serveStream(call, method, writer);
    handlers.set(method.name, streamHandler(serve, meter, onInternalError));
  }
  for (const [name, serve] of Object.entries(dialogues(services))) {
    const meter = counts.meterOf(name, "bidi_stream");
    handlers.set(name, streamHandler(serve, meter, onInternalError));
  }
  // Why null: it stands for malformed names, which are answered elsewhere.
  const known = new Set<string | null>([null]);
  for (const name of handlers.keys()) known.add(serviceOf(name));
  return (path) => handlers.get(path) ?? (known.has(serviceOf(path)) ? null : UNKNOWN_SERVICE);
}

/** The service of a full method; of what is no full method, null. */
function serviceOf(path: string): string | null {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? null : path.slice(1, slash);
}

/** Answers, in grpc-go's words, what none of the services is asked. */
const UNKNOWN_SERVICE: GrpcHandler = {
  kind: "stream",
  handle({ path }) {
    const message = `unknown service ${serviceOf(path)}`;
    return Promise.reject(new RpcError(GrpcCode.Unimplemented, message));
  },
};

/** The methods in which both sides say many messages. */
function dialogues({ watch, lease }: Services): Readonly<Record<string, Serve>> {
  return {
    "/etcdserverpb.Watch/Watch": (call, writer) => serveWatch(call, watch, writer),
    "/etcdserverpb.Lease/LeaseKeepAlive": (call, writer) => serveKeepAlive(call, lease, writer),
  };
}

function streamHandler(
  serve: Serve,
  meter: MethodMeter,
  onInternalError: OnInternalError,
): GrpcHandler {
  const writer = new MessageWriter();
  return {
    kind: "stream",
    async handle(call) {
      meter.started(call);
      try {
        await serve(new MeteredCall(call, meter), writer);
        meter.ended(endOf(call));
      } catch (thrown) {
        // A cancelled call has no status to give any more.
        if (call.cancelled !== null) return meter.ended(endOf(call));
        const refusal = refusalOf(thrown, call, onInternalError);
        meter.ended(refusal.code);
        throw refusal;
      }
    },
  };
}
