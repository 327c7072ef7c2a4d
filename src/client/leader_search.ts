import type { Clock } from "../base/clock.ts";
import { HEADER, type ResponseHeader } from "../proto/header.ts";
import type { ServerHello } from "../proto/multiplex/hello.ts";
import { MessageSchema, uint64Id } from "../proto/schema.ts";
import { KvorumError } from "./errors.ts";
import type { MethodNumber } from "../proto/multiplex/method.ts";
import { type ClientMethod, method } from "./methods.ts";
import type { ClientTransport } from "./transport.ts";

/** How often the server in use is asked who leads. */
const ASK_MS = 1_000;
/** A leader that was not found is not searched for again sooner. */
const SEEK_AGAIN_MS = 60_000;

/** What matters here of a replica's status. */
interface Leading {
  header?: ResponseHeader;
  leader: bigint;
}

const Leading: MessageSchema<Leading> = new MessageSchema<Leading>(
  "etcdserverpb.StatusResponse",
  { header: HEADER, leader: uint64Id(4) },
);

const WHO_LEADS: ClientMethod<Record<never, never>, Leading> = /* @__PURE__ */ method(
  "read",
  40 satisfies typeof MethodNumber.Status,
  "/v3/maintenance/status",
  new MessageSchema<Record<never, never>>("etcdserverpb.StatusRequest", {}),
  Leading,
);

/**
 * Looks for the leader among the endpoints, and follows it when leadership moves. A server that does
 * not lead is good enough while nobody leads, or the leader is not among the endpoints.
 */
export class LeaderSearch {
  readonly #count: number;
  readonly #clock: Clock;
  readonly #transport: ClientTransport;
  /** How many servers were passed over because they do not lead, since the last one that was kept. */
  #passedOver = 0;
  /** The leader that was searched for last, and when. */
  #sought = 0n;
  #soughtMs = 0;
  #askedMs = -Infinity;

  /** @param count How many endpoints there are. */
  constructor(count: number, clock: Clock, transport: ClientTransport) {
    this.#count = count;
    this.#clock = clock;
    this.#transport = transport;
  }

  /** Whether a server that has introduced itself is to be left for the next one. */
  passesOver({ isLeader }: ServerHello): boolean {
    this.#askedMs = this.#clock.nowMs();
    // After a round without a leader any server will do: it forwards to the leader, when there is one.
    if (!isLeader && ++this.#passedOver < this.#count) return true;
    this.#passedOver = 0;
    return false;
  }

  /** Asks now and then whether the server in use still leads; `onMoved` is told if another does. */
  check(hello: ServerHello, onMoved: () => void): void {
    const nowMs = this.#clock.nowMs();
    if (this.#count === 1 || nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    const answer = (leader: bigint) => {
      if (leader === 0n || leader === hello.memberId) return;
      if (leader === this.#sought && nowMs - this.#soughtMs < SEEK_AGAIN_MS) return;
      this.#sought = leader;
      this.#soughtMs = nowMs;
      // The one in use is known not to lead.
      this.#passedOver = 1;
      onMoved();
    };
    const toLeader = ({ header, leader }: Leading) =>
      header?.memberId === hello.memberId ? leader : 0n;
    this.#transport.call(WHO_LEADS, {}, toLeader, { deadlineMs: ASK_MS }).then(answer, (error) => {
      // A server that does not answer is left for other reasons.
      if (!(error instanceof KvorumError)) throw error;
    });
  }
}
