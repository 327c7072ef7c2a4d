import { EMPTY_BYTES, prefixEnd } from "../base/bytes.ts";
import type { Compare } from "../proto/compare.ts";
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../proto/kv.ts";
import type { KeyValue } from "../proto/key_value.ts";
import { MethodNumber } from "../proto/multiplex/method.ts";
import type { RequestOp } from "../proto/txn.ts";
import type { KvorumClient } from "./client.ts";
import { CompactedError, KvorumError, OutcomeUnknownError } from "./errors.ts";
import type { Interval } from "./key_range.ts";
import { type ClientMethod, RANGE, TXN } from "./methods.ts";
import { rangeRequest } from "./operation.ts";
import type { Possession } from "./possession.ts";
import { ASKED_BACK, nameOf, Possessions, type PossessionsOptions } from "./possessions.ts";
import type { Session } from "./recipes/session.ts";
import type { CallOptions, ClientStream, ClientTransport } from "./transport.ts";
import { compare, op } from "./txn.ts";

/**
 * Answers reads of possessed keys from memory, and lets no write past a possession. Ref: etcd
 * client/v3/leasing, whose clients can share the keys.
 *
 * Safety: a write happens in a transaction whose conditions say who possesses each of its keys:
 * nobody, or this program since a certain revision. So a possession that was gained later stops it,
 * however late it arrives.
 */
export class LeasingTransport implements ClientTransport {
  readonly #client: KvorumClient;
  readonly #possessions: Possessions;

  constructor(client: KvorumClient, prefix: Uint8Array, options: PossessionsOptions) {
    this.#client = client;
    this.#possessions = new Possessions(client, prefix, options);
  }

  async call<Q extends object, A extends object, R>(
    method: ClientMethod<Q, A>,
    request: Q,
    toResult: (response: A) => R,
    options: CallOptions,
  ): Promise<R> {
    const answer = this.#answer(method.number, request, options);
    if (answer === null) return this.#client.transport.call(method, request, toResult, options);
    // The method's number says which type the answer has, which the compiler cannot see.
    return toResult(await answer as A);
  }

  open<Q extends object, A extends object>(
    method: ClientMethod<Q, A>,
    request: Q,
  ): ClientStream<A> {
    return this.#client.transport.open(method, request);
  }

  close(): Promise<void> {
    return this.#possessions.close();
  }

  /** The answer to a call that has to do with possessions, or null for any other. */
  #answer(number: number, request: object, options: CallOptions): Promise<object> | null {
    switch (number) {
      case MethodNumber.Range: {
        const range = request as RangeRequest;
        return isPlainGet(range) ? this.#get(range, options) : null;
      }
      case MethodNumber.Put: {
        const requestPut = request as PutRequest;
        return this.#write({ requestPut }, options)
          .then(({ header, responses }) => ({ ...responses[0].responsePut, header }));
      }
      case MethodNumber.DeleteRange: {
        const requestDeleteRange = request as DeleteRangeRequest;
        return this.#write({ requestDeleteRange }, options)
          .then(({ header, responses }) => ({ ...responses[0].responseDeleteRange, header }));
      }
      case MethodNumber.Txn: {
        const requestTxn = request as TxnRequest;
        if (writtenBy({ requestTxn }).length === 0) return null;
        return this.#write({ requestTxn }, options)
          .then(({ header, responses }) => ({ ...responses[0].responseTxn, header }));
      }
      default:
        return null;
    }
  }

  async #get(request: RangeRequest, options: CallOptions): Promise<RangeResponse> {
    const name = nameOf(request.key);
    const known = this.#possessions.get(name);
    if (known?.isKnown) return rangeOf(known);
    const session = await this.#possessions.begin();
    if (session === null) return await this.#read(request, options);
    const possession = this.#possessions.getOrAdd(name);
    if (possession.mayAsk(this.#client.clock.nowMs())) {
      return await this.#acquire(session, name, possession, request, options);
    }
    const take = possession.reading();
    const response = await this.#read(request, options);
    this.#take(session, name, possession, take, response);
    return response;
  }

  #read(request: RangeRequest, options: CallOptions): Promise<RangeResponse> {
    return this.#client.call(RANGE, request, (response) => response, options);
  }

  /** Reads a key and takes it into possession, unless somebody has it or it hangs on a lease. */
  async #acquire(
    session: Session,
    name: string,
    possession: Possession,
    request: RangeRequest,
    options: CallOptions,
  ): Promise<RangeResponse> {
    const mark = this.#possessions.markOf(request.key);
    const take = possession.reading();
    possession.asking();
    let outcome: TxnResponse;
    try {
      outcome = await known(this.#commit({
        compare: [
          compare.createRevision(mark, "==", 0).wire,
          compare.lease(request.key, "==", 0n).wire,
        ],
        success: [{ requestRange: request }, op.put(mark, "", { lease: session.lease }).wire],
        failure: [{ requestRange: request }],
      }, options));
    } catch (error) {
      possession.denied(this.#client.clock.nowMs());
      throw error;
    }
    const { header, succeeded, responses } = outcome;
    const response = responses[0].responseRange as RangeResponse;
    if (header !== undefined) response.header = header;
    const revision = header?.revision ?? 0;
    if (!succeeded) {
      possession.denied(this.#client.clock.nowMs());
    } else if (this.#possessions.has(session, name, possession) && possession.given(revision)) {
      this.#take(session, name, possession, take, response);
    } else {
      // It was asked back before we knew that we had it.
      await this.#possessions.giveBack(name, revision);
    }
    return response;
  }

  #take(
    session: Session,
    name: string,
    possession: Possession,
    take: (kv: KeyValue | null, revision: number) => void,
    { header, kvs }: RangeResponse,
  ): void {
    if (!this.#possessions.has(session, name, possession)) return;
    const kv = kvs[0] ?? null;
    // Safety: its lease may delete it, and nobody would ask for it before.
    if (kv !== null && kv.lease !== 0n) this.#possessions.giveBack(name);
    else take(kv, header?.revision ?? 0);
  }

  /** Writes as soon as nobody else possesses what is written. */
  async #write(operation: RequestOp, options: CallOptions): Promise<TxnResponse> {
    const { clock } = this.#client;
    const late = new AbortController();
    const deadlineAtMs = clock.nowMs() + options.deadlineMs;
    const timer = clock.after(Math.min(options.deadlineMs, 2 ** 31 - 1), () =>
      late.abort(
        new KvorumError("DEADLINE_EXCEEDED", "nobody gave the key back by the deadline"),
      ));
    const signals = options.signal === undefined ? [late.signal] : [late.signal, options.signal];
    const signal = AbortSignal.any(signals);
    try {
      for (;;) {
        const deadlineMs = deadlineAtMs - clock.nowMs();
        const outcome = await this.#tryWrite(operation, { ...options, deadlineMs });
        if (outcome.succeeded) return outcome;
        const marks = outcome.responses.flatMap(({ responseRange }) => responseRange?.kvs ?? []);
        await known(this.#askBack(marks, outcome.header?.revision ?? 0, signal));
        signal.throwIfAborted();
      }
    } finally {
      timer.stop();
    }
  }

  /** Writes if nobody else possesses what is written, and says otherwise who possesses what. */
  async #tryWrite(operation: RequestOp, options: CallOptions): Promise<TxnResponse> {
    const written = writtenBy(operation);
    const touched = this.#touchedBy(written);
    for (const [, possession] of touched) possession.beginWrite();
    const marks = written.map((interval) => this.#marksOf(interval));
    try {
      return await this.#commit({
        compare: written.map(({ key, rangeEnd }, i): Compare => {
          const own = rangeEnd.length > 0 ? undefined : this.#possessions.get(nameOf(key));
          const { wire } = compare.createRevision(marks[i].key, "==", own?.since ?? 0);
          return { ...wire, rangeEnd: marks[i].rangeEnd };
        }),
        success: [operation],
        failure: marks.map(({ key, rangeEnd }) => ({
          requestRange: { ...rangeRequest(key), rangeEnd },
        })),
      }, options);
    } catch (error) {
      // Safety: it may still happen, however late, unless the possession that it names is gone.
      const isDecided = error instanceof KvorumError && !(error instanceof OutcomeUnknownError);
      if (!isDecided) { for (const [name] of touched) this.#possessions.giveBack(name); }
      throw error;
    } finally {
      for (const [, possession] of touched) possession.endWrite();
    }
  }

  #commit(request: TxnRequest, options: CallOptions): Promise<TxnResponse> {
    return this.#client.call(TXN, request, (response) => response, options);
  }

  #touchedBy(written: readonly Interval[]): [string, Possession][] {
    const touched = new Map<string, Possession>();
    for (const { key, rangeEnd } of written) {
      const name = nameOf(key);
      if (rangeEnd.length > 0) {
        const end = isOpen(rangeEnd) ? null : nameOf(rangeEnd);
        for (const [each, possession] of this.#possessions.entries()) {
          if (each >= name && (end === null || each < end)) touched.set(each, possession);
        }
      } else {
        const possession = this.#possessions.get(name);
        if (possession !== undefined) touched.set(name, possession);
      }
    }
    return [...touched];
  }

  #marksOf({ key, rangeEnd }: Interval): Interval {
    const from = this.#possessions.markOf(key);
    if (rangeEnd.length === 0) return { key: from, rangeEnd };
    const all = prefixEnd(this.#possessions.markOf(EMPTY_BYTES));
    return { key: from, rangeEnd: isOpen(rangeEnd) ? all : this.#possessions.markOf(rangeEnd) };
  }

  /** Asks for keys, and waits until they are given back. */
  async #askBack(marks: readonly KeyValue[], revision: number, signal: AbortSignal): Promise<void> {
    const own = this.#possessions.session?.lease;
    for (const { key, value, createRevision, lease } of marks) {
      if (lease === own || value.length > 0) continue;
      await this.#client.txn()
        .when(compare.createRevision(key, "==", createRevision))
        .do(op.put(key, ASKED_BACK, { keepLease: true }))
        .commit({ signal });
    }
    for (const { key, createRevision, lease } of marks) {
      if (lease === own) {
        const name = nameOf(key.subarray(this.#possessions.markOf(EMPTY_BYTES).length));
        await this.#possessions.giveBack(name, createRevision);
      } else await this.#untilDeleted(key, revision + 1, signal);
    }
  }

  async #untilDeleted(key: Uint8Array, startRevision: number, signal: AbortSignal): Promise<void> {
    try {
      const watch = this.#client.watch(key, { startRevision, without: "puts", signal });
      for await (const _batch of watch) return;
    } catch (error) {
      // Then the write finds out.
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}

/** What fails in here is none of the caller's writes: the caller knows that nothing was written. */
async function known<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw error instanceof OutcomeUnknownError ? error.cause : error;
  }
}

/** Whether a read asks for one key as it is, of which nothing is left out. */
function isPlainGet(request: RangeRequest): boolean {
  return request.rangeEnd.length === 0 && request.revision === 0 && !request.serializable &&
    !request.keysOnly && !request.countOnly && request.minModRevision === 0 &&
    request.maxModRevision === 0 && request.minCreateRevision === 0 &&
    request.maxCreateRevision === 0;
}

/** The keys that an operation may write, whichever way it goes. */
function writtenBy(operation: RequestOp): Interval[] {
  const { requestPut, requestDeleteRange, requestTxn } = operation;
  if (requestPut !== undefined) return [{ key: requestPut.key, rangeEnd: EMPTY_BYTES }];
  if (requestDeleteRange !== undefined) {
    const { key, rangeEnd } = requestDeleteRange;
    return [{ key, rangeEnd }];
  }
  return [...requestTxn?.success ?? [], ...requestTxn?.failure ?? []].flatMap(writtenBy);
}

function isOpen(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}

/** The answer for a key that is known. */
function rangeOf({ kv, revision }: Possession): RangeResponse {
  const kvs = kv === null || kv === undefined ? [] : [kv];
  const header = { clusterId: 0n, memberId: 0n, revision, raftTerm: 0 };
  return { header, kvs, more: false, count: kvs.length };
}
