import type { MessageSchema } from "../../proto/schema.ts";
import type { CallContext } from "../call_context.ts";

/** A method that takes one message and gives one. */
export interface UnaryMethod {
  /** Its full name in gRPC. */
  readonly name: string;
  /** Its paths in the JSON gateway; more than one where etcd keeps an old one. */
  readonly paths: readonly string[];
  readonly request: MessageSchema<object>;
  readonly response: MessageSchema<object>;
  /** Whether it may wait for other clients, for as long as its own client does. */
  readonly waits: boolean;
  /**
   * Serves a request that is a message of the schema `request`. An encoding that has the message in
   * protobuf's form passes its bytes on, so that a write need not be encoded again for the log.
   */
  readonly call: (request: object, context: CallContext, encoded?: Uint8Array) => Promise<object>;
}

/** Ties schemas and a service's method together; past this the types of messages are erased. */
export function unary<Q extends object, A extends object>(
  name: string,
  paths: string | readonly string[],
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
  call: (request: Q, context: CallContext, encoded?: Uint8Array) => Promise<A>,
): UnaryMethod {
  return {
    name,
    paths: typeof paths === "string" ? [paths] : paths,
    request: request as unknown as MessageSchema<object>,
    response: response as unknown as MessageSchema<object>,
    waits: false,
    call: (message, context, encoded) => call(message as Q, context, encoded),
  };
}

/** A method that takes one message and gives many. */
export interface StreamMethod extends Omit<UnaryMethod, "call" | "waits"> {
  /**
   * Serves a request. The answers are made as fast as somebody takes them.
   * @throws {RpcError} at once or on the way
   */
  readonly call: (request: object, context: CallContext) => AsyncIterable<object>;
}

/** As {@linkcode unary}, for a method with many answers. */
export function stream<Q extends object, A extends object>(
  name: string,
  path: string,
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
  call: (request: Q, context: CallContext) => AsyncIterable<A>,
): StreamMethod {
  return {
    name,
    paths: [path],
    request: request as unknown as MessageSchema<object>,
    response: response as unknown as MessageSchema<object>,
    call: (message, context) => call(message as Q, context),
  };
}
