import { concatBytes, EMPTY_BYTES, prefixEnd } from "../../base/bytes.ts";
import type { LeaseId } from "../../base/ids.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { create } from "../../proto/codec.ts";
import { Compare, CompareResult, CompareTarget } from "../../proto/compare.ts";
import type { ResponseHeader } from "../../proto/header.ts";
import { EventType } from "../../proto/key_value.ts";
import {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  type RangeResponse,
  SortOrder,
  SortTarget,
  TxnRequest,
  type TxnResponse,
} from "../../proto/kv.ts";
import type { RequestOp } from "../../proto/txn.ts";
import type { CallContext } from "../call_context.ts";
import { headerOf } from "./header.ts";
import type { KvService } from "./kv_service.ts";
import type { LeaseService } from "./lease_service.ts";
import { watchEvents } from "./watch_events.ts";
import type { WatchService } from "./watch_service.ts";

/** A caller without a lease gets one of this length, which nobody renews. Ref: etcd's sessions. */
const OWN_LEASE_SECONDS = 60;

/** A key in a line, and its place: the smaller the create revision, the nearer to the front. */
export interface PlaceInLine {
  readonly prefix: Uint8Array;
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly lease: LeaseId;
  /** Whether nobody stood before it when it was taken. */
  readonly isFront: boolean;
  /** The value that the key has. */
  readonly value: Uint8Array;
  /** The header of the transaction that took it. */
  readonly header: ResponseHeader;
}

/**
 * Lines of waiting clients: each has a key under the line's prefix that lives as long as its lease,
 * and the oldest key is at the front. It is how locks and elections decide.
 *
 * Ref: etcd client/v3/concurrency, whose keys and requests these are, so that clients that do the
 * same by themselves stand in the same line.
 */
export class KeyLine {
  readonly #kv: KvService;
  readonly #watches: WatchService;
  readonly #leases: LeaseService;

  constructor(kv: KvService, watches: WatchService, leases: LeaseService) {
    this.#kv = kv;
    this.#watches = watches;
    this.#leases = leases;
  }

  /** What all keys of a line begin with. */
  static prefixOf(name: Uint8Array): Uint8Array {
    return concatBytes([name, encodeUtf8("/")]);
  }

  /** Enters the line `name`, or finds the key that the lease has in it already. */
  async enter(
    name: Uint8Array,
    lease: LeaseId,
    value: Uint8Array,
    context: CallContext,
  ): Promise<PlaceInLine> {
    // Safety: entering is not cut short by the caller, so that a key that was made is known here.
    const patient: CallContext = { ...PATIENT, requireLeader: context.requireLeader };
    const ownLease = lease === 0n ? await this.#grant(patient) : lease;
    const prefix = KeyLine.prefixOf(name);
    const key = concatBytes([prefix, encodeUtf8(ownLease.toString(16))]);
    const requestRange = create(RangeRequest, { key });
    const front = { requestRange: frontOf(prefix) };
    const response = await this.#kv.txn(
      create(TxnRequest, {
        compare: [createdAt(key, 0)],
        success: [{ requestPut: create(PutRequest, { key, value, lease: ownLease }) }, front],
        failure: [{ requestRange }, front],
      }),
      patient,
    );
    const header = headerOf(response);
    const found = response.responses[0].responseRange?.kvs[0];
    const createRevision = found?.createRevision ?? header.revision;
    const isFront = response.responses[1].responseRange?.kvs[0]?.createRevision === createRevision;
    const actual = found?.value ?? value;
    return { prefix, key, createRevision, lease: ownLease, isFront, value: actual, header };
  }

  async #grant(context: CallContext): Promise<LeaseId> {
    return (await this.#leases.grant({ ttl: OWN_LEASE_SECONDS, id: 0n }, context)).id;
  }

  /** Waits until nobody stands before a place. It does not look whether the place is still there. */
  async waitForFront({ prefix, createRevision }: PlaceInLine, context: CallContext): Promise<void> {
    for (;;) {
      const response = await this.#kv.range(newestBefore(prefix, createRevision), context);
      const [last] = response.kvs;
      if (last === undefined) return;
      await this.#waitForDeletion(last.key, headerOf(response).revision, context);
    }
  }

  async #waitForDeletion(
    key: Uint8Array,
    startRevision: number,
    context: CallContext,
  ): Promise<void> {
    for await (const { events } of watchEvents(this.#watches, { key, startRevision }, context)) {
      if (events.some(({ type }) => type === EventType.DELETE)) return;
    }
  }

  /** Who is at the front of a line, if anybody is. */
  front(prefix: Uint8Array, context: CallContext): Promise<RangeResponse> {
    return this.#kv.range(frontOf(prefix), context);
  }

  /** Gives a place up because its client has gone. If that fails, the lease ends it. */
  async leave({ key, createRevision }: PlaceInLine): Promise<void> {
    const requestDeleteRange = create(DeleteRangeRequest, { key });
    try {
      await this.whileCreatedAt(key, createRevision, { requestDeleteRange }, PATIENT);
    } catch {
      // There is nobody left to tell.
    }
  }

  /** Does something if a key is still the one that was created at a revision. */
  async whileCreatedAt(
    key: Uint8Array,
    createRevision: number,
    operation: RequestOp,
    context: CallContext,
  ): Promise<TxnResponse> {
    const compare = [createdAt(key, createRevision)];
    return await this.#kv.txn(create(TxnRequest, { compare, success: [operation] }), context);
  }
}

/** What clean-ups run under: they do not end with the call that caused them. */
const PATIENT: CallContext = { caller: null, requireLeader: false };

/** The oldest key of a line. */
function frontOf(prefix: Uint8Array): RangeRequest {
  return create(RangeRequest, {
    key: prefix,
    rangeEnd: prefixEnd(prefix),
    limit: 1,
    sortTarget: SortTarget.CREATE,
    sortOrder: SortOrder.ASCEND,
  });
}

/** The youngest of the keys that are older than a place. */
function newestBefore(prefix: Uint8Array, createRevision: number): RangeRequest {
  return create(RangeRequest, {
    ...frontOf(prefix),
    sortOrder: SortOrder.DESCEND,
    maxCreateRevision: createRevision - 1,
  });
}

function createdAt(key: Uint8Array, createRevision: number): Compare {
  return {
    ...create(Compare, { key, rangeEnd: EMPTY_BYTES }),
    result: CompareResult.EQUAL,
    target: CompareTarget.CREATE,
    createRevision,
  };
}
