/** Reading request bodies, with an end to what is read. */
import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../../base/limits.ts";
import { GrpcCode, RpcError, rpcError } from "../errors.ts";

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

const NO_BYTES = new Uint8Array(0);

/** The refusal of a message of `byteLength` bytes, in the words of etcd's gRPC server. */
export function messageTooLarge(byteLength: number): RpcError {
  return new RpcError(
    GrpcCode.ResourceExhausted,
    `grpc: received message larger than max (${byteLength} vs. ${MESSAGE_BYTES_MAX})`,
  );
}

/**
 * The whole body of a request.
 * @throws {RpcError} when it is larger than {@linkcode JSON_BODY_BYTES_MAX}, or when the client goes
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  try {
    const isSmall = length !== null && Number(length) <= JSON_BODY_BYTES_MAX;
    return isSmall ? await request.bytes() : await readUnmeasured(request.body);
  } catch (error) {
    if (error instanceof RpcError) throw error;
    // A body fails only when its client breaks off.
    throw rpcError("canceled", { cause: error });
  }
}

async function readUnmeasured(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  if (body === null) return NO_BYTES;
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of body) {
    byteLength += chunk.length;
    if (byteLength > DISCARDED_BYTES_MAX) break;
    if (byteLength <= JSON_BODY_BYTES_MAX) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (byteLength > JSON_BODY_BYTES_MAX) throw messageTooLarge(byteLength);
  const whole = new Uint8Array(byteLength);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
