import type { GrpcHandler } from "../../http2/grpc/handler.ts";
import type { MethodMeter } from "../metrics/grpc_metrics.ts";
import type { UnaryMethod } from "../services/method.ts";
import {
  contextOf,
  decodeRequest,
  endOf,
  type OnInternalError,
  refusalOf,
  waitingContextOf,
} from "./call.ts";
import { MessageWriter } from "./message_writer.ts";

/** Serves a unary method. The request's bytes go along: the log takes them as they are. */
export function unaryHandler(
  method: UnaryMethod,
  meter: MethodMeter,
  onInternalError: OnInternalError,
): GrpcHandler {
  const toContext = method.waits ? waitingContextOf : contextOf;
  const writer = new MessageWriter();
  return {
    kind: "unary",
    async handle(bytes, call) {
      meter.started(call);
      meter.received(bytes.length);
      try {
        const request = decodeRequest(method.request, bytes);
        const response = await method.call(request, toContext(call), bytes);
        const answer = writer.give(method.response, response);
        meter.sent(answer.length);
        meter.ended(endOf(call));
        return answer;
      } catch (thrown) {
        const refusal = refusalOf(thrown, call, onInternalError);
        meter.ended(endOf(call, refusal.code));
        throw refusal;
      }
    },
  };
}
