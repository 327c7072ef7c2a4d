import { decode, encode } from "../proto/codec.ts";
import {
  type AnswerItems,
  writeCancel,
  writeCredit,
  writeOpenHead,
} from "../proto/multiplex/frame.ts";
import type { Connection } from "./connection.ts";
import { type KvorumError, refusal } from "./errors.ts";
import type { ClientMethod } from "./methods.ts";
import { ServerStream, type StreamHost } from "./server_stream.ts";

interface OpenStream {
  readonly method: ClientMethod<object, object>;
  readonly request: object;
  readonly stream: ServerStream<object>;
  wasSent: boolean;
}

/** The streams that are open, or wait for a connection to be opened over. */
export class StreamTable implements StreamHost {
  readonly #streams = new Map<number, OpenStream>();
  readonly #ready: () => Connection | null;

  /** @param ready The connection, if it can be used now. */
  constructor(ready: () => Connection | null) {
    this.#ready = ready;
  }

  /** How many there are. */
  get count(): number {
    return this.#streams.size;
  }

  /** Opens a stream, now or as soon as there is a connection. */
  open<Q extends object, A extends object>(
    id: number,
    method: ClientMethod<Q, A>,
    request: Q,
  ): ServerStream<A> {
    const stream = new ServerStream<A>(id, this);
    const open: OpenStream = {
      // Past this the types of messages are erased.
      method: method as unknown as ClientMethod<object, object>,
      request,
      stream: stream as unknown as ServerStream<object>,
      wasSent: false,
    };
    this.#streams.set(id, open);
    const connection = this.#ready();
    if (connection !== null) send(id, open, connection);
    return stream;
  }

  /** Opens over a new connection what waits for one. */
  sendAll(connection: Connection): void {
    for (const [id, open] of this.#streams) send(id, open, connection);
  }

  /**
   * Takes an item of a stream; one of no stream is too late, and nothing.
   * @returns why the stream failed, if it did
   */
  receive(item: AnswerItems): KvorumError | null {
    const open = this.#streams.get(item.id);
    if (open === undefined) return null;
    if (item.type === "message") {
      open.stream.push(decode(open.method.response, item.body), item.body.length);
      return null;
    }
    this.#streams.delete(item.id);
    if (item.type !== "error") {
      open.stream.end();
      return null;
    }
    const error = refusal(item.code, item.message);
    open.stream.fail(error);
    return error;
  }

  /** The connection is lost, and the streams over it with it. */
  failSent(error: KvorumError): void {
    for (const [id, { stream, wasSent }] of this.#streams) {
      if (!wasSent) continue;
      this.#streams.delete(id);
      stream.fail(error);
    }
  }

  /** Fails all. */
  failAll(error: KvorumError): void {
    for (const { stream } of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
  }

  grant(id: number, bytes: number): void {
    this.#tell((connection) => writeCredit(id, bytes, connection.writer));
  }

  cancel(id: number): void {
    const open = this.#streams.get(id);
    this.#streams.delete(id);
    if (open?.wasSent) this.#tell((connection) => writeCancel(id, connection.writer));
  }

  #tell(write: (connection: Connection) => void): void {
    const connection = this.#ready();
    if (connection === null) return;
    write(connection);
    connection.wrote();
  }
}

function send(id: number, open: OpenStream, connection: Connection): void {
  const { writer } = connection;
  const creditBytes = ServerStream.CREDIT_BYTES;
  writeOpenHead({ id, method: open.method.number, requireLeader: true, creditBytes }, writer);
  const start = writer.beginPart();
  encode(open.method.request, open.request, writer);
  writer.endPart(start);
  open.wasSent = true;
  connection.wrote();
}
