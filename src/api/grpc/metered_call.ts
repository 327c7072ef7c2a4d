import type { GrpcCall, GrpcStreamCall } from "../../http2/grpc/handler.ts";
import type { GrpcMetadata } from "../../http2/grpc/metadata.ts";
import type { GrpcError } from "../../http2/grpc/status.ts";
import type { MethodMeter } from "../metrics/grpc_metrics.ts";

/** A call whose messages are counted. */
export class MeteredCall implements GrpcStreamCall {
  readonly #call: GrpcStreamCall;
  readonly #meter: MethodMeter;

  constructor(call: GrpcStreamCall, meter: MethodMeter) {
    this.#call = call;
    this.#meter = meter;
  }

  get path(): string {
    return this.#call.path;
  }

  get authority(): string {
    return this.#call.authority;
  }

  get metadata(): GrpcMetadata {
    return this.#call.metadata;
  }

  get deadlineMs(): number {
    return this.#call.deadlineMs;
  }

  get cancelled(): GrpcError | null {
    return this.#call.cancelled;
  }

  onCancel(...[fn]: Parameters<GrpcCall["onCancel"]>): void {
    this.#call.onCancel(fn);
  }

  addTrailer(name: string, value: string): void {
    this.#call.addTrailer(name, value);
  }

  async receive(): Promise<Uint8Array | null> {
    const message = await this.#call.receive();
    if (message !== null) this.#meter.received(message.length);
    return message;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (let next = await this.receive(); next !== null; next = await this.receive()) yield next;
  }

  send(message: Uint8Array): boolean {
    this.#meter.sent(message.length);
    return this.#call.send(message);
  }

  drained(): Promise<void> {
    return this.#call.drained();
  }
}
