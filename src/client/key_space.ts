import { concatBytes, prefixEnd } from "../base/bytes.ts";
import type { Compare } from "../proto/compare.ts";
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../proto/kv.ts";
import type { KeyValue } from "../proto/key_value.ts";
import type { LeaseTimeToLiveResponse } from "../proto/lease.ts";
import { MethodNumber } from "../proto/multiplex/method.ts";
import type { RequestOp, ResponseOp } from "../proto/txn.ts";
import type { WatchRequest, WatchResponse } from "../proto/watch.ts";
import { KvorumError } from "./errors.ts";
import type { ClientMethod } from "./methods.ts";

/** A message of which only its method knows the type. */
type Translation = (message: never) => object;

/** Ranges that have no end. */
const NO_END = 0;

/**
 * The keys below a prefix, which messages name without it inside and with it outside.
 *
 * Invariant: messages are never changed, but copied: others may hold them.
 */
export class KeySpace {
  readonly #prefix: Uint8Array;
  /** Where all keys of the space end. */
  readonly #end: Uint8Array;
  readonly #requests: ReadonlyMap<number, Translation>;
  readonly #responses: ReadonlyMap<number, Translation>;

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
    this.#end = prefixEnd(prefix);
    this.#requests = new Map<number, Translation>([
      [MethodNumber.Range, (request: RangeRequest) => this.#interval(request)],
      [MethodNumber.Put, (request: PutRequest) => this.#put(request)],
      [MethodNumber.DeleteRange, (request: DeleteRangeRequest) => this.#interval(request)],
      [MethodNumber.Txn, (request: TxnRequest) => this.#txn(request)],
      [MethodNumber.Watch, (request: WatchRequest) => this.#watch(request)],
    ]);
    this.#responses = new Map<number, Translation>([
      [MethodNumber.Range, (response: RangeResponse) => this.#ranged(response)],
      [MethodNumber.Put, (response: PutResponse) => this.#putDone(response)],
      [MethodNumber.DeleteRange, (response: DeleteRangeResponse) => this.#deleted(response)],
      [MethodNumber.Txn, (response: TxnResponse) => this.#txnDone(response)],
      [MethodNumber.Watch, (response: WatchResponse) => this.#watched(response)],
      [MethodNumber.LeaseTimeToLive, (response: LeaseTimeToLiveResponse) => this.#lease(response)],
    ]);
  }

  /** What is asked inside, as it is asked outside. @throws {KvorumError} for an empty key */
  outside<Q extends object, A extends object>({ number }: ClientMethod<Q, A>, request: Q): Q {
    const translate = this.#requests.get(number);
    // The method's number says which type the message has, which the compiler cannot see.
    return translate === undefined ? request : translate(request as never) as Q;
  }

  /** What was answered outside, as it looks inside. */
  inside<Q extends object, A extends object>({ number }: ClientMethod<Q, A>, response: A): A {
    const translate = this.#responses.get(number);
    return translate === undefined ? response : translate(response as never) as A;
  }

  #key(key: Uint8Array): Uint8Array {
    // Outside this would be a key, the prefix itself.
    if (key.length === 0) {
      throw new KvorumError("INVALID_ARGUMENT", "etcdserver: key is not provided");
    }
    return concatBytes([this.#prefix, key]);
  }

  #interval<T extends { key: Uint8Array; rangeEnd: Uint8Array }>(message: T): T {
    const { rangeEnd } = message;
    return { ...message, key: this.#key(message.key), rangeEnd: this.#rangeEnd(rangeEnd) };
  }

  #rangeEnd(rangeEnd: Uint8Array): Uint8Array {
    if (rangeEnd.length === 0) return rangeEnd;
    const isOpen = rangeEnd.length === 1 && rangeEnd[0] === NO_END;
    return isOpen ? this.#end : concatBytes([this.#prefix, rangeEnd]);
  }

  #put(request: PutRequest): PutRequest {
    return { ...request, key: this.#key(request.key) };
  }

  #txn({ compare, success, failure }: TxnRequest): TxnRequest {
    return {
      compare: compare.map((condition): Compare => this.#interval(condition)),
      success: success.map((operation) => this.#operation(operation)),
      failure: failure.map((operation) => this.#operation(operation)),
    };
  }

  #operation(operation: RequestOp): RequestOp {
    const { requestRange, requestPut, requestDeleteRange, requestTxn } = operation;
    if (requestRange !== undefined) return { requestRange: this.#interval(requestRange) };
    if (requestPut !== undefined) return { requestPut: this.#put(requestPut) };
    if (requestDeleteRange !== undefined) {
      return { requestDeleteRange: this.#interval(requestDeleteRange) };
    }
    return requestTxn === undefined ? operation : { requestTxn: this.#txn(requestTxn) };
  }

  #watch(request: WatchRequest): WatchRequest {
    const { createRequest } = request;
    if (createRequest === undefined) return request;
    return { ...request, createRequest: this.#interval(createRequest) };
  }

  #stripped(kv: KeyValue): KeyValue {
    return { ...kv, key: kv.key.subarray(this.#prefix.length) };
  }

  #ranged(response: RangeResponse): RangeResponse {
    return { ...response, kvs: response.kvs.map((kv) => this.#stripped(kv)) };
  }

  #putDone(response: PutResponse): PutResponse {
    const { prevKv } = response;
    return prevKv === undefined ? response : { ...response, prevKv: this.#stripped(prevKv) };
  }

  #deleted(response: DeleteRangeResponse): DeleteRangeResponse {
    return { ...response, prevKvs: response.prevKvs.map((kv) => this.#stripped(kv)) };
  }

  #txnDone(response: TxnResponse): TxnResponse {
    return { ...response, responses: response.responses.map((each) => this.#answer(each)) };
  }

  #answer(answer: ResponseOp): ResponseOp {
    const { responseRange, responsePut, responseDeleteRange, responseTxn } = answer;
    if (responseRange !== undefined) return { responseRange: this.#ranged(responseRange) };
    if (responsePut !== undefined) return { responsePut: this.#putDone(responsePut) };
    if (responseDeleteRange !== undefined) {
      return { responseDeleteRange: this.#deleted(responseDeleteRange) };
    }
    return responseTxn === undefined ? answer : { responseTxn: this.#txnDone(responseTxn) };
  }

  #watched(response: WatchResponse): WatchResponse {
    const events = response.events.map((event) => {
      const { kv, prevKv } = event;
      const inside = kv === undefined ? event : { ...event, kv: this.#stripped(kv) };
      return prevKv === undefined ? inside : { ...inside, prevKv: this.#stripped(prevKv) };
    });
    return { ...response, events };
  }

  /** Keys of others that hang on the lease, too, are none of ours. */
  #lease(response: LeaseTimeToLiveResponse): LeaseTimeToLiveResponse {
    const prefix = this.#prefix;
    const keys = response.keys
      .filter((key) => prefix.every((byte, i) => key[i] === byte))
      .map((key) => key.subarray(prefix.length));
    return { ...response, keys };
  }
}
