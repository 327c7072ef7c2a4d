import type { ErrorCode } from "../error_code.ts";
import type { StreamConsumer } from "../stream.ts";
import { type CallState, cancellationOf } from "./call_state.ts";
import type { GrpcHandler } from "./handler.ts";
import { MessageAssembler, PREFIX_BYTES } from "./message_assembler.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** One request message, one answer. */
export class UnaryExchange implements StreamConsumer {
  readonly #call: CallState;
  readonly #handler: GrpcHandler & { kind: "unary" };
  #assembler: MessageAssembler | null = null;
  #request: Uint8Array | null = null;
  #isHandling = false;

  constructor(call: CallState, handler: GrpcHandler & { kind: "unary" }) {
    this.#call = call;
    this.#handler = handler;
  }

  onData(bytes: Uint8Array, isLast: boolean): void {
    if (this.#call.isOver) return;
    if (!isLast) this.#call.awaitRest();
    try {
      this.#assembler ??= new MessageAssembler(
        this.#call.context.messageBytesMax,
        (message) => this.#onRequest(message),
        (byteCount) => this.#call.stream.expect(byteCount),
      );
      this.#assembler.push(bytes);
    } catch (error) {
      this.#call.failWith(error);
      this.#call.release();
    }
  }

  #onRequest(message: Uint8Array): void {
    if (this.#request !== null) {
      throw new GrpcError(GrpcCode.INTERNAL, "cardinality violation: a second request message");
    }
    this.#request = message;
  }

  onEnd(): void {
    const call = this.#call;
    if (call.isOver) return;
    call.hasRest();
    if (this.#request === null || !this.#assembler?.isEmpty) {
      call.fail(GrpcCode.INTERNAL, "cardinality violation: not one whole request message");
      call.release();
      return;
    }
    // Why not before: until the client has ended the request it is kept, and so counts as unread.
    call.stream.credit(PREFIX_BYTES + this.#request.length);
    this.#isHandling = true;
    try {
      const answer = this.#handler.handle(this.#request, call);
      if (!(answer instanceof Uint8Array)) {
        answer.then((bytes) => this.#onAnswer(bytes), (error) => this.#onFailure(error));
      } else this.#onAnswer(answer);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #onAnswer(answer: Uint8Array): void {
    const call = this.#call;
    call.release();
    if (call.isOver) return;
    call.send(answer);
    call.succeed();
  }

  #onFailure(error: unknown): void {
    this.#call.release();
    if (!this.#call.isOver) this.#call.failWith(error);
  }

  onAbort(code: ErrorCode, reason: string): void {
    this.#call.cancel(cancellationOf(code), reason);
    if (!this.#isHandling) this.#call.release();
  }

  onDrained(): void {}
}
