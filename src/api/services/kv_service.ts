import { ByteWriter } from "../../base/byte_writer.ts";
import {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkRangeRequest,
  checkTxnRequest,
  isReadOnlyTxn,
  readTxn,
} from "../../machine/kv_request.ts";
import { rangeResponse } from "../../machine/kv_response.ts";
import type { Reason } from "../../machine/result.ts";
import { encode } from "../../proto/codec.ts";
import { CommandKind } from "../../proto/command.ts";
import {
  CompactionRequest,
  type CompactionResponse,
  DeleteRangeRequest,
  type DeleteRangeResponse,
  PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  TxnRequest,
  type TxnResponse,
} from "../../proto/kv.ts";
import type { MessageSchema } from "../../proto/schema.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { freedSpace } from "./freed_space.ts";
import { responseHeader } from "./header.ts";
import { DEFAULT_KV_LIMITS, type KvLimits } from "./kv_limits.ts";
import { putCost, refuseForSpace, txnCost } from "./space.ts";

/**
 * etcd's KV service. Requests are checked here before they are proposed, so that a bad one never
 * reaches the log. The bytes of a write may come with the call: an encoding that has them in
 * protobuf's form already passes them on as they are. Ref: etcd v3rpc/key.go, v3_server.go.
 */
export class KvService {
  readonly #replica: ReplicaPort;
  readonly #limits: KvLimits;
  /** Reused, so that a request costs the bytes of its encoding and no more. */
  readonly #writer = new ByteWriter(4_096);

  constructor(replica: ReplicaPort, limits: Partial<KvLimits> = {}) {
    this.#replica = replica;
    this.#limits = { ...DEFAULT_KV_LIMITS, ...limits };
  }

  /** Reads a key or an interval: linearizable unless the request says that local will do. */
  async range(request: RangeRequest, context: CallContext): Promise<RangeResponse> {
    mustServe(this.#replica, context, { learnerMay: request.serializable });
    mustBe(checkRangeRequest(request));
    if (!request.serializable) await this.#replica.linearize(replicaOptions(context));
    const result = this.#replica.machine.store.range(request);
    if (typeof result === "string") throw rpcError(result);
    return { header: responseHeader(this.#replica, result.revision), ...rangeResponse(result) };
  }

  /** Sets a key. */
  async put(
    request: PutRequest,
    context: CallContext,
    encoded: Uint8Array = this.#encode(PutRequest, request),
  ): Promise<PutResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    mustBe(checkPutRequest(request));
    if (!this.#replica.hasSpaceFor(putCost(request))) await refuseForSpace(this.#replica);
    return await this.#propose(CommandKind.Put, encoded, context) as PutResponse;
  }

  /** Deletes a key or an interval. */
  async deleteRange(
    request: DeleteRangeRequest,
    context: CallContext,
    encoded: Uint8Array = this.#encode(DeleteRangeRequest, request),
  ): Promise<DeleteRangeResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    mustBe(checkDeleteRangeRequest(request));
    return await this.#propose(CommandKind.DeleteRange, encoded, context) as DeleteRangeResponse;
  }

  /** Runs a transaction. One that only reads is answered here, without the log. */
  async txn(
    request: TxnRequest,
    context: CallContext,
    encoded?: Uint8Array,
  ): Promise<TxnResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    mustBe(checkTxnRequest(request, this.#limits.txnOperationsMax));
    if (isReadOnlyTxn(request)) return await this.#readTxn(request, context);
    if (!this.#replica.hasSpaceFor(txnCost(request))) await refuseForSpace(this.#replica);
    // The checks come first: they bound how deeply the encoding has to descend.
    const body = encoded ?? this.#encode(TxnRequest, request);
    return await this.#propose(CommandKind.Txn, body, context) as TxnResponse;
  }

  /** Forgets the revisions before one. */
  async compact(
    request: CompactionRequest,
    context: CallContext,
    encoded: Uint8Array = this.#encode(CompactionRequest, request),
  ): Promise<CompactionResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const response = await this.#propose(CommandKind.Compaction, encoded, context);
    if (request.physical) await freedSpace(this.#replica.machine, context.signal);
    return response;
  }

  /** Ref: etcd v3_server.go, Txn: local if every range of both branches says so. */
  async #readTxn(request: TxnRequest, context: CallContext): Promise<TxnResponse> {
    if (!isSerializable(request)) await this.#replica.linearize(replicaOptions(context));
    const read = readTxn(this.#replica.machine, request);
    if (typeof read === "string") throw rpcError(read);
    return { header: responseHeader(this.#replica, read.revision), ...read.response };
  }

  #encode<T extends object>(schema: MessageSchema<T>, request: T): Uint8Array {
    this.#writer.reset();
    encode(schema, request, this.#writer);
    return this.#writer.copy();
  }

  /** Proposes a command and gives its response, with the header that belongs in it. */
  async #propose(kind: CommandKind, body: Uint8Array, context: CallContext): Promise<object> {
    if (body.length > this.#limits.requestBytesMax) throw rpcError("request too large");
    const result = await this.#replica.propose(kind, body, replicaOptions(context));
    if (result.reason !== null) throw rpcError(result.reason);
    const header = responseHeader(this.#replica, result.revision);
    return { ...(result.response as object), header };
  }
}

/** Throws the refusal for a reason, if there is one. */
function mustBe(reason: Reason | null): void {
  if (reason !== null) throw rpcError(reason);
}

/** A transaction of nothing but comparisons is linearizable: it must not answer from the past. */
function isSerializable({ success, failure }: TxnRequest): boolean {
  const ranges = [...success, ...failure];
  return ranges.length > 0 && ranges.every(({ requestRange }) => requestRange?.serializable);
}
