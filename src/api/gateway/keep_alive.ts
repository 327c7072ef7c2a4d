/** Lease keep-alives over HTTP: each JSON message in the body is answered with one line. */
import { toJson } from "../../proto/json.ts";
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from "../../proto/lease.ts";
import type { CallContext } from "../call_context.ts";
import { toRpcError } from "../errors.ts";
import type { LeaseService } from "../services/lease_service.ts";
import type { BodyIntake } from "./body_intake.ts";
import { decodeValue } from "./json_decode.ts";
import { JsonMessages } from "./json_messages.ts";
import {
  errorLine,
  isMalformed,
  jsonResponse,
  lineStreamResponse,
  streamFault,
} from "./responses.ts";

const encoder = new TextEncoder();

/** Serves the keep-alives in the request's body, one after the other, until the body ends. */
export async function streamKeepAlive(
  request: Request,
  leases: LeaseService,
  context: CallContext,
  intake: BodyIntake,
): Promise<Response> {
  const messages = new JsonMessages(request.body, intake);
  let first: string | null;
  try {
    first = await renewNext(messages, leases, context);
  } catch (error) {
    return streamFault(error);
  }
  if (first === null) return jsonResponse("");
  let line: string | null = first;
  const lines = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        line ??= await renewNext(messages, leases, context);
        if (line !== null) {
          controller.enqueue(encoder.encode(line));
          line = null;
          return;
        }
      } catch (error) {
        // Like etcd's gateway: what is no message ends the stream as if nothing had been said.
        if (!isMalformed(error)) controller.enqueue(encoder.encode(errorLine(toRpcError(error))));
        await messages.cancel();
      }
      controller.close();
    },
    cancel: () => messages.cancel(),
  }, { highWaterMark: 0 });
  return lineStreamResponse(lines);
}

/** The line that answers the next message, or null at the end of the body. */
async function renewNext(
  messages: JsonMessages,
  leases: LeaseService,
  context: CallContext,
): Promise<string | null> {
  const text = await messages.next();
  if (text === null) return null;
  const response = await leases.keepAlive(decodeValue(LeaseKeepAliveRequest, text), context);
  return `{"result":${toJson(LeaseKeepAliveResponse, response)}}\n`;
}
