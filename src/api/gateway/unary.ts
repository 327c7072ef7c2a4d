import { encodeToBytes } from "../../proto/codec.ts";
import { toJson } from "../../proto/json.ts";
import type { CallContext } from "../call_context.ts";
import type { UnaryMethod } from "../services/method.ts";
import { MESSAGE_BYTES_MAX, messageTooLarge, readBody } from "./body.ts";
import type { BodyIntake } from "./body_intake.ts";
import { decodeJson } from "./json_decode.ts";
import { jsonResponse } from "./responses.ts";

/**
 * Serves one request whose body is the message in JSON.
 *
 * Why most contexts have no signal: a proposal cannot be taken back, every wait in a replica has an
 * end, and a listener for each request costs more than the rare client that hangs up.
 */
export async function serveUnary(
  method: UnaryMethod,
  request: Request,
  context: CallContext,
  intake: BodyIntake,
): Promise<Response> {
  const body = await readBody(request, intake);
  const message = decodeJson(method.request, body);
  // JSON is never shorter than the binary form by so much that a small body hides a large message.
  if (body.length > MESSAGE_BYTES_MAX) {
    const byteLength = encodeToBytes(method.request, message).length;
    if (byteLength > MESSAGE_BYTES_MAX) throw messageTooLarge(byteLength);
  }
  return jsonResponse(toJson(method.response, await method.call(message, context)));
}
