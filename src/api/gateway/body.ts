/** Reading request bodies, with an end to what is read. */
import { concatBytes } from "../../base/bytes.ts";
import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../../base/limits.ts";
import { GrpcCode, RpcError, rpcError } from "../errors.ts";
import type { BodyIntake, BodySource } from "./body_intake.ts";

/** The largest message in its binary form: etcd's receive limit. */
export const MESSAGE_BYTES_MAX: number = REQUEST_BYTES_MAX + REQUEST_OVERHEAD_BYTES;
/**
 * The largest message as JSON. Why twice: base64 makes a value a third larger, and names, quotes and
 * white space need room too.
 */
export const JSON_BODY_BYTES_MAX: number = 2 * MESSAGE_BYTES_MAX;
/**
 * A body that is too large is read and thrown away up to this size, so that the client gets to see
 * the answer and the connection lives; beyond it the connection has to go.
 */
const DISCARDED_BYTES_MAX = 16 * JSON_BODY_BYTES_MAX;

/**
 * A body that says to be this long at most is left to the platform to read, which is fastest.
 *
 * Safety: it does not count among those under way. Over HTTP/1.1 a connection costs more; over HTTP/2
 * such a body is whole before anybody is asked (`fetch_exchange.ts`).
 */
const SMALL_BYTES_MAX = 65_535;

/** The refusal of a message of `byteLength` bytes, in the words of etcd's gRPC server. */
export function messageTooLarge(byteLength: number): RpcError {
  return new RpcError(
    GrpcCode.ResourceExhausted,
    `grpc: received message larger than max (${byteLength} vs. ${MESSAGE_BYTES_MAX})`,
  );
}

/**
 * The whole body of a request.
 * @throws {RpcError} when it is larger than {@linkcode JSON_BODY_BYTES_MAX}, when it takes too long or
 * too many others are under way, or when the client goes
 */
export async function readBody(request: Request, intake: BodyIntake): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length === null || Number(length) > SMALL_BYTES_MAX) {
    return await readInParts(intake.open(request.body));
  }
  try {
    return await intake.inTime(request.bytes());
  } catch (error) {
    if (error instanceof RpcError) throw error;
    // A body fails only when its client breaks off.
    throw rpcError("canceled", { cause: error });
  }
}

async function readInParts(source: BodySource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  source.hurry();
  try {
    for (let part = await source.read(); part !== null; part = await source.read()) {
      byteLength += part.length;
      if (byteLength > DISCARDED_BYTES_MAX) break;
      if (byteLength > JSON_BODY_BYTES_MAX) parts.length = 0;
      else {
        source.hold(part.length);
        parts.push(part);
      }
    }
    if (byteLength > JSON_BODY_BYTES_MAX) throw messageTooLarge(byteLength);
    return concatBytes(parts);
  } catch (error) {
    await source.cancel();
    throw error;
  } finally {
    source.release();
  }
}
