/** A method with many answers over HTTP: one line of JSON for each. */
import { toJson } from "../../proto/json.ts";
import type { CallContext } from "../call_context.ts";
import { toRpcError } from "../errors.ts";
import type { StreamMethod } from "../services/method.ts";
import { readBody } from "./body.ts";
import type { BodyIntake } from "./body_intake.ts";
import { decodeJson } from "./json_decode.ts";
import { errorLine, lineStreamResponse } from "./responses.ts";

const encoder = new TextEncoder();

/**
 * Serves the request in the body, as fast as the client reads and until it goes.
 * @throws {RpcError} when it is refused before the first answer
 */
export async function serveStream(
  request: Request,
  method: StreamMethod,
  context: CallContext,
  intake: BodyIntake,
): Promise<Response> {
  const gone = new AbortController();
  request.signal.addEventListener("abort", () => gone.abort(), { once: true });
  const message = decodeJson(method.request, await readBody(request, intake));
  const answers = method.call(message, { ...context, signal: gone.signal })[Symbol.asyncIterator]();
  // Why before the response: a refusal without any answer has a status of its own.
  let first: IteratorResult<object> | null = await answers.next();
  const lines = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = first ?? await answers.next();
        first = null;
        if (!done) {
          const line = `{"result":${toJson(method.response, value)}}\n`;
          return controller.enqueue(encoder.encode(line));
        }
      } catch (error) {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(errorLine(toRpcError(error))));
      }
      controller.close();
    },
    async cancel() {
      gone.abort();
      await answers.return?.();
    },
  }, { highWaterMark: 0 });
  return lineStreamResponse(lines);
}
