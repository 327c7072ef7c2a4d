/** Which service serves which method of the multiplexed protocol. */
import { MalformedBytesError } from "../../base/byte_reader.ts";
import { decode } from "../../proto/codec.ts";
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from "../../proto/lease.ts";
import { methodNumber } from "../../proto/multiplex/method.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import { WatchRequest, WatchResponse } from "../../proto/watch.ts";
import type { CallContext } from "../call_context.ts";
import { GrpcCode, RpcError, rpcError } from "../errors.ts";
import { type StreamMethod, unary, type UnaryMethod } from "../services/method.ts";
import { type Services, unaryMethods } from "../services/methods.ts";
import { streamMethods } from "../services/stream_methods.ts";
import type { WatchCall } from "../services/watch_call.ts";
import type { WatchService } from "../services/watch_service.ts";

/** A stream that is served. */
export interface OpenedStream {
  /** What the server says. Pulled no faster than the client takes it. */
  readonly responses: AsyncIterable<object>;
  /** Takes a further message of the client. @throws {RpcError} */
  receive(body: Uint8Array): void;
  /** Ends the stream: nobody listens any more. */
  cancel(): void;
}

/** A method whose answer is many messages. */
export interface OpenMethod {
  readonly name: string;
  readonly response: MessageSchema<object>;
  /** Opens a stream with its first message. @throws {RpcError} */
  open(body: Uint8Array, context: CallContext): OpenedStream;
}

/** The methods by their numbers. */
export interface MultiplexMethods {
  readonly unary: ReadonlyMap<number, UnaryMethod>;
  readonly streams: ReadonlyMap<number, OpenMethod>;
}

/** The methods that these services have. One without a number is for other encodings. */
export function multiplexMethods(services: Services): MultiplexMethods {
  const streams = [...streamMethods(services).map(serverStream), watchStream(services.watch)];
  return {
    unary: byNumber([...unaryMethods(services), keepAlive(services)]),
    streams: byNumber(streams),
  };
}

function byNumber<M extends { readonly name: string }>(methods: readonly M[]): Map<number, M> {
  const found = new Map<number, M>();
  for (const method of methods) {
    const number = methodNumber(method.name);
    if (number !== undefined) found.set(number, method);
  }
  return found;
}

/** A renewal is a call of its own: many calls share a connection anyway. */
function keepAlive({ lease }: Services): UnaryMethod {
  return unary(
    "/etcdserverpb.Lease/LeaseKeepAlive",
    [],
    LeaseKeepAliveRequest,
    LeaseKeepAliveResponse,
    (request, context) => lease.keepAlive(request, context),
  );
}

/**
 * The message in a request's bytes, which it may keep views into.
 * @throws {RpcError} when the bytes are no such message
 */
export function decodeRequest<T extends object>(schema: MessageSchema<T>, bytes: Uint8Array): T {
  try {
    return decode(schema, bytes);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    const message = `kvorum: malformed ${schema.name}: ${error.message}`;
    throw new RpcError(GrpcCode.InvalidArgument, message, { cause: error });
  }
}

function serverStream(method: StreamMethod): OpenMethod {
  const { name, response } = method;
  return {
    name,
    response,
    open(body, context) {
      const controller = new AbortController();
      const request = decodeRequest(method.request, body);
      return {
        responses: method.call(request, { ...context, signal: controller.signal }),
        receive() {
          throw new RpcError(GrpcCode.InvalidArgument, `kvorum: ${name} takes one message`);
        },
        cancel: () => controller.abort(rpcError("canceled")),
      };
    },
  };
}

function watchStream(watches: WatchService): OpenMethod {
  return {
    name: "/etcdserverpb.Watch/Watch",
    response: WatchResponse as unknown as MessageSchema<object>,
    open(body, context) {
      const request = decodeRequest(WatchRequest, body);
      const call = watches.open(context);
      call.send(request);
      return {
        responses: watchResponses(call),
        receive(further) {
          if (call.full) {
            throw new RpcError(GrpcCode.ResourceExhausted, "kvorum: read before you ask for more");
          }
          call.send(decodeRequest(WatchRequest, further));
        },
        cancel: () => call.end(),
      };
    },
  };
}

async function* watchResponses(call: WatchCall): AsyncGenerator<WatchResponse> {
  while (!call.ended) {
    const response = call.take();
    if (response === null) await call.readable();
    else yield response;
  }
  if (call.failure !== null) throw call.failure;
}
