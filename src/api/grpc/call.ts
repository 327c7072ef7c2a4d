/** What the encodings of all methods over gRPC share: the context of a call, and its refusals. */
import { MalformedBytesError } from "../../base/byte_reader.ts";
import type { GrpcCall } from "../../http2/grpc/handler.ts";
import { decode } from "../../proto/codec.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import type { CallContext } from "../call_context.ts";
import { GrpcCode, RpcError, toRpcError } from "../errors.ts";

/** Hears of errors that nobody foresaw. The client gets "internal error" and no more. */
export type OnInternalError = (error: Error, path: string) => void;

const NOBODY: CallContext = { caller: null, requireLeader: false };
const NOBODY_WITH_LEADER: CallContext = { caller: null, requireLeader: true };

/**
 * The context of a call whose waits end by themselves.
 *
 * Why no signal: a proposal cannot be taken back, every wait in a replica has an end, the answer to
 * a call that is cancelled or late goes nowhere anyway, and a signal for each call costs much.
 */
export function contextOf(call: GrpcCall): CallContext {
  return call.metadata.get("hasleader") === "true" ? NOBODY_WITH_LEADER : NOBODY;
}

/** The context of a call that may wait for ever: it ends when nobody waits for the answer. */
export function waitingContextOf(call: GrpcCall): CallContext {
  const controller = new AbortController();
  call.onCancel((reason) =>
    controller.abort(new RpcError(reason.code as GrpcCode, reason.message))
  );
  return { ...contextOf(call), signal: controller.signal };
}

/**
 * The message in a request's bytes, which it may keep views into.
 * @throws {RpcError} in grpc-go's words when the bytes are no such message
 */
export function decodeRequest<T extends object>(schema: MessageSchema<T>, bytes: Uint8Array): T {
  try {
    return decode(schema, bytes);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    const message = `grpc: error unmarshalling request: ${error.message}`;
    throw new RpcError(GrpcCode.Internal, message, { cause: error });
  }
}

/** The refusal for whatever a service threw; what nobody foresaw is told. */
export function refusalOf(
  thrown: unknown,
  call: GrpcCall,
  onInternalError: OnInternalError,
): RpcError {
  const error = toRpcError(thrown);
  if (error !== thrown && error.code === GrpcCode.Internal) onInternalError(error, call.path);
  return error;
}

/** The code that a call ends with: the client's own doing comes before whatever was answered. */
export function endOf(call: GrpcCall, code: GrpcCode = GrpcCode.Ok): GrpcCode {
  return call.cancelled === null ? code : call.cancelled.code as GrpcCode;
}
