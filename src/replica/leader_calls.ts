import { EMPTY_BYTES } from "../base/bytes.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import type { CallAnswer, CallMessage } from "../transport/peer_message.ts";
import { isReplicaReason, ReplicaError } from "./errors.ts";

/** Answers a call on the leader. Throws {@linkcode ReplicaError} for a refusal. */
export type CallHandler = (body: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** How a call is made. */
export interface CallOptions {
  readonly deadlineMs: number;
  /** Whether the call may be made again when no answer came: only if twice is as good as once. */
  readonly isIdempotent: boolean;
  readonly signal?: AbortSignal;
  /** The replica that is called; the leader, whoever that is, if nobody is named. */
  readonly to?: MemberId;
}

interface Pending {
  readonly message: CallMessage;
  readonly options: CallOptions;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
  sentTo: MemberId;
  sentMs: number;
}

/** The replica's side of calls: who leads, and how to reach it. */
interface CallContext {
  readonly id: MemberId;
  leader(): MemberId;
  nowMs(): number;
  send(to: MemberId, message: CallMessage | CallAnswer): void;
}

/** An unanswered call that may be repeated is repeated after this long. */
const RESEND_MS = 500;
/** Calls that wait; past this many, new ones are refused. */
const CALLS_MAX = 10_000;
/** Ids one incarnation may use; see `read_barriers.ts` for why they never repeat. */
const IDS_PER_INCARNATION = 2 ** 32;

/**
 * Calls that only the leader can answer, such as keeping a lease alive: answered here when this
 * replica leads, else sent to the leader, and to the next one when the leader changes. Some calls are
 * for one named replica instead, which answers whether it leads or not.
 */
export class LeaderCalls {
  readonly #context: CallContext;
  readonly #handlers = new Map<string, CallHandler>();
  /** Methods that every replica answers. */
  readonly #anywhere = new Set<string>();
  readonly #pending = new Map<number, Pending>();
  /** Calls of others that are being answered: a message that arrives twice is answered once. */
  readonly #answering = new Set<string>();
  #nextId: number;

  constructor(context: CallContext, incarnation: number) {
    this.#context = context;
    this.#nextId = (incarnation % 2 ** 20) * IDS_PER_INCARNATION + 1;
  }

  /** Names what answers a method while this replica leads. */
  handle(method: string, handler: CallHandler): void {
    this.#handlers.set(method, handler);
  }

  /** Names what answers a method whether this replica leads or not. */
  handleAnywhere(method: string, handler: CallHandler): void {
    this.#anywhere.add(method);
    this.#handlers.set(method, handler);
  }

  /** Calls the leader, whoever it is, or the replica that the options name. */
  call(method: string, body: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    if (this.#pending.size >= CALLS_MAX) {
      return Promise.reject(
        new ReplicaError("too many requests", `Cannot call the leader: ${CALLS_MAX} calls wait`),
      );
    }
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const message: CallMessage = { type: "call", id: this.#nextId++, method, body };
      const onAbort = () => this.#settle(message.id)?.reject(signal?.reason);
      const release = () => signal?.removeEventListener("abort", onAbort);
      const pending: Pending = {
        message,
        options,
        resolve: (answer) => (release(), resolve(answer)),
        reject: (error) => (release(), reject(error)),
        sentTo: NO_MEMBER,
        sentMs: 0,
      };
      this.#pending.set(message.id, pending);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else this.#hand(pending);
    });
  }

  /** Somebody calls this replica, most often because it believes that it leads. */
  async onCall(from: MemberId, { id, method, body }: CallMessage): Promise<void> {
    const call = `${from}/${id}`;
    if (this.#answering.has(call)) return;
    this.#answering.add(call);
    let answer: CallAnswer;
    try {
      answer = { type: "callAnswer", id, error: null, body: await this.#answer(method, body) };
    } catch (error) {
      answer = { type: "callAnswer", id, error: reasonOf(error), body: encodeUtf8(textOf(error)) };
    }
    this.#answering.delete(call);
    this.#context.send(from, answer);
  }

  /** The leader has answered. */
  onAnswer({ id, error, body }: CallAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (error === "not leader") {
      // Nothing happened there. The next tick tries whoever leads then.
      pending.sentTo = NO_MEMBER;
    } else if (error === null) {
      this.#settle(id)?.resolve(body.slice());
    } else {
      const reason = isReplicaReason(error) ? error : "timed out";
      this.#settle(id)?.reject(new ReplicaError(reason, decodeUtf8(body)));
    }
  }

  /** Hands calls to a new leader, repeats what may be repeated, and gives up what is too late. */
  tick(): void {
    const nowMs = this.#context.nowMs();
    for (const pending of this.#pending.values()) {
      const { options, sentTo, sentMs } = pending;
      const target = options.to ?? this.#context.leader();
      if (options.deadlineMs <= nowMs) {
        this.#settle(pending.message.id)?.reject(
          new ReplicaError("timed out", "The other replica has not answered in time: try again"),
        );
      } else if (sentTo === NO_MEMBER) {
        this.#hand(pending);
      } else if (options.isIdempotent && (sentTo !== target || nowMs - sentMs >= RESEND_MS)) {
        this.#hand(pending);
      }
    }
  }

  /** Refuses everything that waits. */
  rejectAll(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #hand(pending: Pending): void {
    const target = pending.options.to ?? this.#context.leader();
    if (target === NO_MEMBER) return;
    const isSlowAndHere = target === this.#context.id && pending.sentTo === target;
    if (isSlowAndHere) return;
    pending.sentTo = target;
    pending.sentMs = this.#context.nowMs();
    if (target === this.#context.id) this.#answerHere(pending);
    else this.#context.send(target, pending.message);
  }

  #answerHere(pending: Pending): void {
    const { id, method, body } = pending.message;
    this.#answer(method, body).then(
      (answer) => this.#settle(id)?.resolve(answer),
      (error) => {
        if (reasonOf(error) === "not leader") pending.sentTo = NO_MEMBER;
        else this.#settle(id)?.reject(error);
      },
    );
  }

  async #answer(method: string, body: Uint8Array): Promise<Uint8Array> {
    if (!this.#anywhere.has(method) && this.#context.leader() !== this.#context.id) {
      throw new ReplicaError("not leader", "This replica does not lead: ask the leader");
    }
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      throw new ReplicaError("timed out", `This replica does not know the call "${method}"`);
    }
    return await handler(body) ?? EMPTY_BYTES;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof ReplicaError ? error.reason : "timed out";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
