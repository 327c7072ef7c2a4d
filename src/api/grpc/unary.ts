import type { GrpcHandler } from "../../http2/grpc/handler.ts";
import type { UnaryMethod } from "../services/method.ts";
import {
  contextOf,
  decodeRequest,
  type OnInternalError,
  refusalOf,
  waitingContextOf,
} from "./call.ts";
import { MessageWriter } from "./message_writer.ts";

/** Serves a unary method. The request's bytes go along: the log takes them as they are. */
export function unaryHandler(method: UnaryMethod, onInternalError: OnInternalError): GrpcHandler {
  const toContext = method.waits ? waitingContextOf : contextOf;
  const writer = new MessageWriter();
  return {
    kind: "unary",
    async handle(bytes, call) {
      try {
        const request = decodeRequest(method.request, bytes);
        const response = await method.call(request, toContext(call), bytes);
        return writer.give(method.response, response);
      } catch (thrown) {
        throw refusalOf(thrown, call, onInternalError);
      }
    },
  };
}
