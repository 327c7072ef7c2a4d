import { MalformedBytesError } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { encode } from "../../proto/codec.ts";
import { type Channel, ChannelCode } from "../../proto/multiplex/channel.ts";
import {
  type CallItem,
  decodeRequests,
  type OpenItem,
  type RequestItem,
  writeAnswerHead,
  writeEnd,
  writeError,
  writeMessageHead,
} from "../../proto/multiplex/frame.ts";
import {
  decodeClientHello,
  PROTOCOL_VERSION,
  type ServerHello,
  writeServerHello,
} from "../../proto/multiplex/hello.ts";
import {
  beginFrame,
  FrameAssembler,
  hasItems,
  LARGE_PARTS,
  sendFrame,
} from "../../proto/multiplex/parts.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import type { CallContext } from "../call_context.ts";
import { GrpcCode, rpcError, toRpcError } from "../errors.ts";
import type { MultiplexLimits } from "./limits.ts";
import { decodeRequest, type MultiplexMethods } from "./methods.ts";
import { ServedStream } from "./served_stream.ts";

/** Answers of one turn go out in frames of about this size, so that none has to wait for megabytes. */
const FRAME_BYTES = 262_144;
/** A buffer that has grown past this is not kept: thousands of idle connections must stay cheap. */
const KEPT_BYTES = 65_536;

const NOBODY: CallContext = { caller: null, requireLeader: false };
const NOBODY_WITH_LEADER: CallContext = { caller: null, requireLeader: true };

/** What a connection needs of the server that it belongs to. */
export interface ConnectionHost {
  readonly methods: MultiplexMethods;
  readonly limits: MultiplexLimits;
  nowMs(): number;
  /** What the server says of itself just now. */
  hello(): ServerHello;
  onInternalError(error: Error, method: string): void;
  onClose(connection: Connection): void;
}

/** One client's connection. Answers of one turn go out in one frame. */
export class Connection {
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  readonly #assembler: FrameAssembler;
  readonly #streams = new Map<number, ServedStream>();
  /** Calls that wait for other clients, by their names; they end when nobody waits any more. */
  readonly #waiting = new Map<number, AbortController>();
  #writer = new ByteWriter(1_024);
  #isFlushing = false;
  #owesEcho = false;
  /** The client's name, known once it has introduced itself. */
  #client: bigint | null = null;
  #heardMs: number;
  #isClosed = false;
  // Invariant: both count the calls that have not been answered yet.
  #callCount = 0;
  #callBytes = 0;

  constructor(host: ConnectionHost, channel: Channel) {
    this.#host = host;
    this.#channel = channel;
    this.#assembler = new FrameAssembler(host.limits.frameBytesMax);
    this.#heardMs = host.nowMs();
    beginFrame(this.#writer);
  }

  /** Begins to listen. Called in the turn in which the channel was made. */
  start(): void {
    this.#channel.start({
      onOpen: () => {},
      onMessage: (bytes) => this.#receive(bytes),
      onClose: () => this.#end(),
    });
  }

  /** Closes the connection if nothing was heard for too long. */
  checkSilence(nowMs: number): void {
    const { helloMs, idleMs } = this.#host.limits;
    const patienceMs = this.#client === null ? helloMs : idleMs;
    if (nowMs - this.#heardMs > patienceMs) {
      this.close(ChannelCode.TooSlow, `nothing was heard for ${patienceMs} ms`);
    }
  }

  /** Ends the connection and tells the client why. */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#channel.close(code, reason);
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#streams.values()) stream.cancel();
    for (const id of this.#waiting.keys()) this.#endWaiting(id);
    this.#streams.clear();
    this.#host.onClose(this);
  }

  #receive(message: Uint8Array): void {
    if (this.#isClosed) return;
    this.#heardMs = this.#host.nowMs();
    try {
      const frame = this.#assembler.take(message);
      if (FrameAssembler.asksForEcho(message)) {
        this.#owesEcho = true;
        this.#schedule();
      }
      if (frame === null) return;
      if (this.#client === null) this.#meet(frame);
      else for (const item of decodeRequests(frame)) this.#serve(item);
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.close(ChannelCode.Malformed, error.message.slice(0, 120));
    }
  }

  #meet(frame: Uint8Array): void {
    if (frame.length === 0) return;
    const { version, client } = decodeClientHello(frame);
    if (version !== PROTOCOL_VERSION) {
      const reason = `this server speaks version ${PROTOCOL_VERSION}, not ${version}`;
      return this.close(ChannelCode.WrongVersion, reason);
    }
    this.#client = client;
    writeServerHello(this.#host.hello(), this.#writer);
    this.#flush();
  }

  #serve(item: RequestItem): void {
    if (this.#isClosed) return;
    switch (item.type) {
      case "call":
        this.#call(item);
        break;
      case "open":
        this.#open(item);
        break;
      case "message":
        this.#converse(item.id, item.body);
        break;
      case "credit":
        this.#streams.get(item.id)?.grant(item.bytes);
        break;
      case "cancel":
        this.#streams.get(item.id)?.cancel();
        this.#streams.delete(item.id);
        this.#endWaiting(item.id);
        break;
    }
  }

  /** Serves a call. It never rejects: whatever happens becomes the answer. */
  async #call(item: CallItem): Promise<void> {
    const { id, body } = item;
    const method = this.#host.methods.unary.get(item.method);
    if (method === undefined) return this.#refuse(id, rpcError("unknown method"), "");
    const { callsMax, callBytesMax } = this.#host.limits;
    if (this.#callCount >= callsMax || this.#callCount > 0 && this.#callBytes > callBytesMax) {
      return this.close(ChannelCode.Malformed, "more calls at a time than the hello allows");
    }
    // Safety: a wait without a name of its own could not be ended with the connection.
    if (this.#waiting.has(id)) return this.close(ChannelCode.Malformed, "a call that waits, twice");
    this.#callCount++;
    this.#callBytes += body.length;
    try {
      const request = decodeRequest(method.request, body);
      const context = method.waits ? this.#waitingContext(item) : this.#context(item);
      const response = await method.call(request, context, body);
      this.#answer(id, method.response, response);
    } catch (thrown) {
      this.#refuse(id, thrown, method.name);
    }
    this.#endWaiting(id);
    this.#callCount--;
    this.#callBytes -= body.length;
  }

  /**
   * Why no signal and no deadline: a proposal cannot be taken back, every wait in a replica has an
   * end, and the client stops waiting by itself.
   */
  #context({ sequence, requireLeader }: CallItem): CallContext {
    if (sequence === 0) return requireLeader ? NOBODY_WITH_LEADER : NOBODY;
    const requestIdentity = { client: this.#client as bigint, sequence };
    return { caller: null, requireLeader, requestIdentity };
  }

  /** The context of a call that may wait for ever: it ends when nobody waits for the answer. */
  #waitingContext(item: CallItem): CallContext {
    const controller = new AbortController();
    this.#waiting.set(item.id, controller);
    const { signal } = controller;
    if (item.deadlineMs > 0) {
      const late = () => controller.abort(rpcError("deadline exceeded"));
      const timer = setTimeout(late, Math.min(item.deadlineMs, 2 ** 31 - 1));
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }
    return { ...this.#context(item), signal };
  }

  /** Ends a wait, if it is one, and its timer with it. */
  #endWaiting(id: number): void {
    const controller = this.#waiting.get(id);
    if (controller === undefined) return;
    this.#waiting.delete(id);
    controller.abort(rpcError("canceled"));
  }

  #open({ id, method: number, requireLeader, creditBytes, body }: OpenItem): void {
    const method = this.#host.methods.streams.get(number);
    if (method === undefined) return this.#refuse(id, rpcError("unknown method"), "");
    if (this.#streams.size >= this.#host.limits.streamsMax || this.#streams.has(id)) {
      return this.close(ChannelCode.Malformed, "more streams than the hello allows, or one twice");
    }
    let stream: ServedStream;
    try {
      const opened = method.open(body, requireLeader ? NOBODY_WITH_LEADER : NOBODY);
      stream = new ServedStream(opened, creditBytes);
    } catch (thrown) {
      return this.#refuse(id, thrown, method.name);
    }
    this.#streams.set(id, stream);
    // It never rejects, and it ends with the connection at the latest.
    stream.run({
      message: (response) => this.#message(id, method.response, response),
      ended: (failure) => {
        if (!this.#streams.delete(id)) return;
        if (failure === null) this.#write((writer) => writeEnd(id, writer));
        else this.#refuse(id, failure, method.name);
      },
    });
  }

  #converse(id: number, body: Uint8Array): void {
    const stream = this.#streams.get(id);
    // A message for a stream that has just ended crossed its end on the way.
    if (stream === undefined) return;
    try {
      stream.receive(body);
    } catch (thrown) {
      stream.cancel();
      this.#streams.delete(id);
      this.#refuse(id, thrown, "");
    }
  }

  #answer(id: number, schema: MessageSchema<object>, response: object): void {
    this.#write((writer) => {
      writeAnswerHead(id, writer);
      writePart(schema, response, writer);
    });
  }

  #message(id: number, schema: MessageSchema<object>, response: object): number {
    let byteLength = 0;
    this.#write((writer) => {
      writeMessageHead(id, writer);
      byteLength = writePart(schema, response, writer);
    });
    return byteLength;
  }

  #refuse(id: number, thrown: unknown, method: string): void {
    const error = toRpcError(thrown);
    if (error !== thrown && error.code === GrpcCode.Internal) {
      this.#host.onInternalError(error, method);
    }
    const code = error.code === GrpcCode.Ok ? GrpcCode.Unknown : error.code;
    this.#write((writer) => writeError(id, code, error.message, writer));
  }

  /** Adds to the turn's frame. */
  #write(append: (writer: ByteWriter) => void): void {
    if (this.#isClosed) return;
    append(this.#writer);
    if (this.#writer.length > FRAME_BYTES) this.#flush();
    else this.#schedule();
  }

  /** Sends when what this event set off has been said. */
  #schedule(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed || !hasItems(this.#writer) && !this.#owesEcho) return;
    this.#owesEcho = false;
    if (this.#channel.bufferedBytes > this.#host.limits.unsentBytesMax) {
      // Nothing more is added to what is not read: not even the reason gets through.
      this.#writer = new ByteWriter(16);
      beginFrame(this.#writer);
      return this.close(ChannelCode.TooSlow, "answers are not read");
    }
    sendFrame(this.#writer, LARGE_PARTS, (message) => this.#channel.send(message));
    if (this.#writer.length > KEPT_BYTES) this.#writer = new ByteWriter(1_024);
    beginFrame(this.#writer);
  }
}

/** Appends a message after its length. @returns the length */
function writePart(schema: MessageSchema<object>, message: object, writer: ByteWriter): number {
  const start = writer.beginPart();
  encode(schema, message, writer);
  const byteLength = writer.length - start;
  writer.endPart(start);
  return byteLength;
}
