import { equalBytes, prefixEnd } from "../../base/bytes.ts";
import { create } from "../../proto/codec.ts";
import type {
  CampaignRequest,
  CampaignResponse,
  LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ProclaimResponse,
  ResignRequest,
  ResignResponse,
} from "../../proto/election.ts";
import type { ResponseHeader } from "../../proto/header.ts";
import { EventType, type KeyValue } from "../../proto/key_value.ts";
import { DeleteRangeRequest, PutRequest } from "../../proto/kv.ts";
import { type CallContext, mustServe } from "../call_context.ts";
import { GrpcCode, RpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { fromInside, refusedInside } from "./from_inside.ts";
import { headerOf } from "./header.ts";
import { KeyLine } from "./key_line.ts";
import { watchEvents } from "./watch_events.ts";
import type { WatchService } from "./watch_service.ts";

/** etcd's Election service: whoever is at the front of a line leads, and its value is what it says. */
export class ElectionService {
  readonly #replica: ReplicaPort;
  readonly #watches: WatchService;
  readonly #line: KeyLine;

  constructor(replica: ReplicaPort, watches: WatchService, line: KeyLine) {
    this.#replica = replica;
    this.#watches = watches;
    this.#line = line;
  }

  /** Waits to be elected. A client that goes while it waits is no candidate any more. */
  async campaign(request: CampaignRequest, context: CallContext): Promise<CampaignResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const { name, lease, value } = request;
    return await fromInside(async () => {
      const place = await this.#line.enter(name, lease, value, context);
      const leader = { name, key: place.key, rev: place.createRevision, lease: place.lease };
      try {
        if (!equalBytes(place.value, value)) await this.#proclaim(leader, value, context);
        if (!place.isFront) await this.#line.waitForFront(place, context);
      } catch (error) {
        await this.#line.leave(place);
        throw error;
      }
      return { header: place.header, leader };
    });
  }

  /** Changes what the leader says, without another election. */
  async proclaim(
    { leader, value }: ProclaimRequest,
    context: CallContext,
  ): Promise<ProclaimResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    return await fromInside(async () => ({
      header: await this.#proclaim(mustBeGiven(leader), value, context),
    }));
  }

  async #proclaim(
    { key, rev, lease }: LeaderKey,
    value: Uint8Array,
    context: CallContext,
  ): Promise<ResponseHeader> {
    const requestPut = create(PutRequest, { key, value, lease });
    const response = await this.#line.whileCreatedAt(key, rev, { requestPut }, context);
    if (!response.succeeded) throw new RpcError(GrpcCode.Unknown, "election: not leader");
    return headerOf(response);
  }

  /** Who leads now. */
  async leader({ name }: LeaderRequest, context: CallContext): Promise<LeaderResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    return await fromInside(async () => {
      const response = await this.#line.front(KeyLine.prefixOf(name), context);
      const [kv] = response.kvs;
      if (kv === undefined) throw new RpcError(GrpcCode.Unknown, "election: no leader");
      return { header: headerOf(response), kv };
    });
  }

  /** Gives a leadership up. One that is over already is left alone. */
  async resign({ leader }: ResignRequest, context: CallContext): Promise<ResignResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    return await fromInside(async () => {
      const { key, rev } = mustBeGiven(leader);
      const requestDeleteRange = create(DeleteRangeRequest, { key });
      const response = await this.#line.whileCreatedAt(key, rev, { requestDeleteRange }, context);
      return { header: headerOf(response) };
    });
  }

  /**
   * Who leads and what it says, now and each time that changes. Not every leader is seen: one that
   * led for a moment may be passed over, but the last one never is.
   */
  async *observe({ name }: LeaderRequest, context: CallContext): AsyncGenerator<LeaderResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const prefix = KeyLine.prefixOf(name);
    try {
      for (;;) {
        const response = await this.#line.front(prefix, context);
        const header = headerOf(response);
        const first = response.kvs.length > 0
          ? { header, kv: response.kvs[0] }
          : await this.#firstCandidate(prefix, header.revision, context);
        yield first;
        yield* this.#valuesOf(first.kv.key, first.header.revision + 1, context);
      }
    } catch (thrown) {
      throw refusedInside(thrown);
    }
  }

  /** Waits until somebody enters an empty line. */
  async #firstCandidate(
    prefix: Uint8Array,
    startRevision: number,
    context: CallContext,
  ): Promise<{ header: ResponseHeader; kv: KeyValue }> {
    const keys = { key: prefix, rangeEnd: prefixEnd(prefix), startRevision };
    for await (const response of watchEvents(this.#watches, keys, context)) {
      const kv = response.events.find(({ type }) => type === EventType.PUT)?.kv;
      if (kv !== undefined) {
        return { header: { ...headerOf(response), revision: kv.modRevision }, kv };
      }
    }
    throw new RpcError(GrpcCode.Unknown, "election: no leader");
  }

  /** What a leader says, until its key is deleted. */
  async *#valuesOf(
    key: Uint8Array,
    startRevision: number,
    context: CallContext,
  ): AsyncGenerator<LeaderResponse> {
    for await (const response of watchEvents(this.#watches, { key, startRevision }, context)) {
      for (const { type, kv } of response.events) {
        if (type === EventType.DELETE) return;
        if (kv !== undefined) yield { header: headerOf(response), kv };
      }
    }
  }
}

function mustBeGiven(leader: LeaderKey | undefined): LeaderKey {
  if (leader === undefined) {
    throw new RpcError(GrpcCode.Unknown, '"leader" field must be provided');
  }
  return leader;
}
