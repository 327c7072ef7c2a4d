import type { GrpcCall } from "../../http2/grpc/handler.ts";
import { GrpcCode } from "../errors.ts";
import type { Cell, Counter, Metrics } from "./metric.ts";

/** How messages go in a method, as the samples name it. */
export type GrpcMethodType = "unary" | "server_stream" | "bidi_stream";

/** etcd's clients say their version like this; anything else counts as unknown. */
const API_VERSION = /^\d\.\d{1,2}$/;

/** Counts calls and messages over gRPC, under the names of Go's gRPC middleware. */
export class GrpcMetrics {
  readonly #started: Counter;
  readonly #handled: Counter;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #requests: Counter;
  readonly #receivedBytes: Cell;
  readonly #sentBytes: Cell;

  constructor(metrics: Metrics) {
    this.#started = metrics.counter("grpc_server_started_total", "Calls that were begun.");
    this.#handled = metrics.counter("grpc_server_handled_total", "Calls that have ended.");
    this.#received = metrics.counter("grpc_server_msg_received_total", "Messages of clients.");
    this.#sent = metrics.counter("grpc_server_msg_sent_total", "Messages to clients.");
    this.#requests = metrics.counter("etcd_server_client_requests_total", "Calls of clients.");
    this.#receivedBytes = metrics.counter(
      "etcd_network_client_grpc_received_bytes_total",
      "Bytes in messages of clients.",
    ).cell();
    this.#sentBytes = metrics.counter(
      "etcd_network_client_grpc_sent_bytes_total",
      "Bytes in messages to clients.",
    ).cell();
  }

  /** What counts the calls of the method `/service/method`. */
  meterOf(path: string, type: GrpcMethodType): MethodMeter {
    const [, service, method] = path.split("/");
    const labels = { grpc_method: method, grpc_service: service, grpc_type: type };
    const started = this.#started.cell(labels);
    const received = this.#received.cell(labels);
    const sent = this.#sent.cell(labels);
    const requests = cached((version) =>
      this.#requests.cell({
        client_api_version: version,
        type: type === "unary" ? "unary" : "stream",
      })
    );
    const handled = cached((code) => this.#handled.cell({ grpc_code: code, ...labels }));
    return {
      started: (call) => {
        started.value++;
        const version = call.metadata.get("client-api-version") ?? "";
        requests(API_VERSION.test(version) ? version : "unknown").value++;
      },
      received: (byteCount) => {
        received.value++;
        this.#receivedBytes.value += byteCount;
      },
      sent: (byteCount) => {
        sent.value++;
        this.#sentBytes.value += byteCount;
      },
      ended: (code) => {
        handled(CODE_NAMES[code]).value++;
      },
    };
  }
}

/** Counts the calls of one method. */
export interface MethodMeter {
  started(call: GrpcCall): void;
  received(byteCount: number): void;
  sent(byteCount: number): void;
  ended(code: GrpcCode): void;
}

const CODE_NAMES: readonly string[] = Object.entries(GrpcCode)
  .toSorted(([, a], [, b]) => a - b)
  .map(([name]) => name === "Ok" ? "OK" : name);

/** `make`, asked once for each argument. */
function cached(make: (key: string) => Cell): (key: string) => Cell {
  const cells = new Map<string, Cell>();
  return (key) => {
    let cell = cells.get(key);
    if (cell === undefined) cells.set(key, cell = make(key));
    return cell;
  };
}
