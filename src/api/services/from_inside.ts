import { GrpcCode, RpcError, toRpcError } from "../errors.ts";

/**
 * Runs a service that is made of calls to other services. Their refusals reach the client with their
 * text and the code Unknown. Ref: etcd's v3lock and v3election, which are clients of their own server
 * and hand on what they get.
 */
export async function fromInside<A>(body: () => Promise<A>): Promise<A> {
  try {
    return await body();
  } catch (thrown) {
    throw refusedInside(thrown);
  }
}

/** The refusal of such a service for what was thrown inside. */
export function refusedInside(thrown: unknown): RpcError {
  const error = toRpcError(thrown);
  const { code, message } = error;
  const isOwn = code === GrpcCode.Canceled || code === GrpcCode.DeadlineExceeded ||
    code === GrpcCode.Internal;
  return isOwn ? error : new RpcError(GrpcCode.Unknown, message, { cause: thrown });
}
