/** gRPC's own health service, by which load balancers and probes ask whether a server serves. */
import type { GrpcHandler } from "../../http2/grpc/handler.ts";
import { encodeToBytes } from "../../proto/codec.ts";
import { HealthCheckRequest, HealthCheckResponse, ServingStatus } from "../../proto/health.ts";
import { GrpcCode, RpcError } from "../errors.ts";
import { decodeRequest } from "./call.ts";

const SERVING = encodeToBytes(HealthCheckResponse, { status: ServingStatus.SERVING });
const UNKNOWN = encodeToBytes(HealthCheckResponse, { status: ServingStatus.SERVICE_UNKNOWN });

/** Whether a request asks for the server as a whole: as in etcd, no other name is known. */
function isWholeServer(bytes: Uint8Array): boolean {
  return decodeRequest(HealthCheckRequest, bytes).service === "";
}

/** The handlers of `grpc.health.v1.Health`. A server that answers serves. */
export const HEALTH_HANDLERS: readonly (readonly [string, GrpcHandler])[] = [
  ["/grpc.health.v1.Health/Check", {
    kind: "unary",
    handle(bytes) {
      if (!isWholeServer(bytes)) throw new RpcError(GrpcCode.NotFound, "unknown service");
      return SERVING;
    },
  }],
  ["/grpc.health.v1.Health/Watch", {
    kind: "stream",
    async handle(call) {
      const bytes = await call.receive();
      call.send(bytes === null || isWholeServer(bytes) ? SERVING : UNKNOWN);
      // It does not change, but the client may wait for a change as long as it likes.
      await new Promise<void>((resolve) => call.onCancel(() => resolve()));
    },
  }],
];
