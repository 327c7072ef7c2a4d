import { createGrpcHandlers } from "../../../src/api/grpc/handlers.ts";
import { Metrics } from "../../../src/api/metrics/metric.ts";
import { createServices, type Services } from "../../../src/api/services/methods.ts";
import { concatBytes, EMPTY_BYTES } from "../../../src/base/bytes.ts";
import { Flag, FrameType } from "../../../src/http2/frame.ts";
import { decode, encodeToBytes } from "../../../src/proto/codec.ts";
import type { MessageSchema } from "../../../src/proto/schema.ts";
import { callFields, message } from "../../http2/grpc/grpc_client.ts";
import { RawClient, uint32 } from "../../http2/raw_client.ts";
import { LocalReplica } from "../local_replica.ts";

/** How a call ended. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

/** One call of a client that speaks in frames to the handlers of a replica. */
export class TestCall {
  readonly #client: RawClient;
  readonly #id: number;
  #data: Uint8Array = EMPTY_BYTES;
  #status: Status | null = null;

  constructor(client: RawClient, id: number) {
    this.#client = client;
    this.#id = id;
  }

  /** Sends a message, and with `isLast` the end of what the client says. */
  send<T extends object>(schema: MessageSchema<T>, body: T, isLast = false): void {
    this.#client.data(this.#id, message(encodeToBytes(schema, body)), isLast);
  }

  /** Says that there is nothing more to say. */
  end(): void {
    this.#client.data(this.#id, EMPTY_BYTES, true);
  }

  /** Gives the call up. */
  cancel(): void {
    this.#client.frame(FrameType.RST_STREAM, 0, this.#id, new Uint8Array([0, 0, 0, 8]));
  }

  /** The next message of the answer, or null at its end. */
  async next<T extends object>(schema: MessageSchema<T>): Promise<T | null> {
    for (;;) {
      if (this.#data.length >= 5) {
        const end = 5 + new DataView(this.#data.buffer, this.#data.byteOffset).getUint32(1);
        if (this.#data.length >= end) {
          const bytes = this.#data.slice(5, end);
          this.#data = this.#data.slice(end);
          return decode(schema, bytes);
        }
      }
      if (this.#status !== null) return null;
      await this.#read();
    }
  }

  /** How the call ends. Messages that come before are left. */
  async status(): Promise<Status> {
    while (this.#status === null) await this.#read();
    return this.#status;
  }

  async #read(): Promise<void> {
    const frame = await this.#client.next();
    if (frame === null) throw new Error("The server has closed the socket");
    if (frame.id !== this.#id) return;
    if (frame.type === FrameType.DATA) {
      this.#data = concatBytes([this.#data, frame.payload]);
      this.#client.widen(0, frame.payload.length || 1);
      this.#client.widen(this.#id, frame.payload.length || 1);
    }
    if (frame.type === FrameType.HEADERS && (frame.flags & Flag.END_STREAM) !== 0) {
      const valueOf = (name: string) =>
        frame.fields.find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      const text = decodeURIComponent(valueOf("grpc-message"));
      this.#status = { code: Number(valueOf("grpc-status")), message: text };
    }
  }
}

/** A replica without a log, its services, and a connection to them. Calls are made one at a time. */
export class TestClient implements AsyncDisposable {
  readonly replica: LocalReplica;
  readonly services: Services;
  readonly errors: Error[] = [];
  readonly metrics: Metrics;
  readonly #raw: RawClient;
  #nextId = 1;

  private constructor(
    replica: LocalReplica,
    services: Services,
    metrics: Metrics,
    raw: RawClient,
  ) {
    this.replica = replica;
    this.services = services;
    this.metrics = metrics;
    this.#raw = raw;
  }

  static async open(): Promise<TestClient> {
    const replica = new LocalReplica();
    const services = createServices(replica);
    const onInternalError = (error: Error) => client.errors.push(error);
    const metrics = new Metrics();
    const grpc = createGrpcHandlers({ services, metrics, onInternalError });
    const raw = await RawClient.open({ grpc });
    const client: TestClient = new TestClient(replica, services, metrics, raw);
    return client;
  }

  /** Opens a call. */
  open(path: string, ...metadata: (readonly [string, string])[]): TestCall {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#raw.headers(id, callFields(path, ...metadata), false);
    return new TestCall(this.#raw, id);
  }

  /** Makes a unary call that succeeds and gives its answer. */
  async call<Q extends object, A extends object>(
    path: string,
    request: readonly [MessageSchema<Q>, Q],
    response: MessageSchema<A>,
  ): Promise<A> {
    const call = this.open(path);
    call.send(...request, true);
    const answer = await call.next(response);
    const status = await call.status();
    if (answer === null || status.code !== 0) throw new Error(`${status.code} ${status.message}`);
    return answer;
  }

  /** Makes a unary call and gives how it ends. */
  async refusal<Q extends object>(
    path: string,
    request: readonly [MessageSchema<Q>, Q],
    ...metadata: (readonly [string, string])[]
  ): Promise<Status> {
    const call = this.open(path, ...metadata);
    call.send(...request, true);
    return await call.status();
  }

  /** Sends bytes as a message. */
  raw(path: string, body: Uint8Array): TestCall {
    const call = this.open(path);
    this.#raw.data(this.#nextId - 2, message(body), true);
    return call;
  }

  /** Says how large a message will be and sends no more of it. */
  announce(path: string, byteCount: number): TestCall {
    const call = this.open(path);
    this.#raw.data(this.#nextId - 2, concatBytes([new Uint8Array(1), uint32(byteCount)]), false);
    return call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#raw[Symbol.asyncDispose]();
  }
}
