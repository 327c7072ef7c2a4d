import { enumeration, MessageSchema, string } from "./schema.ts";

/** How a service is. */
export const ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

/** Asks how a service is. */
export interface HealthCheckRequest {
  /** Empty means the whole server. */
  service: string;
}

/** The schema of {@linkcode HealthCheckRequest}. */
export const HealthCheckRequest: MessageSchema<HealthCheckRequest> = new MessageSchema<
  HealthCheckRequest
>("grpc.health.v1.HealthCheckRequest", { service: string(1) });

/** The answer to {@linkcode HealthCheckRequest}. */
export interface HealthCheckResponse {
  /** One of {@linkcode ServingStatus}. */
  status: number;
}

/** The schema of {@linkcode HealthCheckResponse}. */
export const HealthCheckResponse: MessageSchema<HealthCheckResponse> = new MessageSchema<
  HealthCheckResponse
>("grpc.health.v1.HealthCheckResponse", { status: enumeration(1, ServingStatus) });
