import type { LeaseId } from "../../base/ids.ts";
import { LEASE_TTL_SECONDS_MAX } from "../../base/limits.ts";
import { encodeToBytes } from "../../proto/codec.ts";
import { CommandKind } from "../../proto/command.ts";
import {
  LeaseGrantRequest,
  type LeaseGrantResponse,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  type LeaseLeasesRequest,
  type LeaseLeasesResponse,
  LeaseRevokeRequest,
  type LeaseRevokeResponse,
  type LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponse,
} from "../../proto/lease.ts";
import { type CallContext, mustServe, replicaOptions } from "../call_context.ts";
import { rpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { responseHeader } from "./header.ts";
import { LEASE_COST_BYTES, refuseForSpace } from "./space.ts";

/**
 * No lease is granted for less: one and a half election timeouts of the default second, rounded up.
 * Ref: etcd server.go, minTTL.
 */
const LEASE_TTL_SECONDS_MIN = 2;

/** etcd's Lease service. */
export class LeaseService {
  readonly #replica: ReplicaPort;
  readonly #newId: () => LeaseId;

  /** @param newId Draws the identifiers of leases for clients that do not choose them. */
  constructor(replica: ReplicaPort, newId: () => LeaseId = randomLeaseId) {
    this.#replica = replica;
    this.#newId = newId;
  }

  /** Creates a lease. */
  async grant(request: LeaseGrantRequest, context: CallContext): Promise<LeaseGrantResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    if (request.ttl > LEASE_TTL_SECONDS_MAX) throw rpcError("lease ttl too large");
    if (!this.#replica.hasSpaceFor(LEASE_COST_BYTES)) await refuseForSpace(this.#replica);
    const ttl = Math.max(request.ttl, LEASE_TTL_SECONDS_MIN);
    for (;;) {
      const id = request.id === 0n ? this.#newId() : request.id;
      const body = encodeToBytes(LeaseGrantRequest, { ttl, id });
      const result = await this.#replica.propose(
        CommandKind.LeaseGrant,
        body,
        replicaOptions(context),
      );
      // An identifier that was drawn and is taken, once in an age, is drawn again; but under a name
      // of the client's the refusal is what every further try would be answered.
      const mayRepeat = request.id === 0n && context.requestIdentity === undefined;
      if (result.reason === "lease exists" && mayRepeat) continue;
      if (result.reason !== null) throw rpcError(result.reason);
      const response = result.response as LeaseGrantResponse;
      return { ...response, header: responseHeader(this.#replica, result.revision) };
    }
  }

  /** Ends a lease and deletes its keys. */
  async revoke(request: LeaseRevokeRequest, context: CallContext): Promise<LeaseRevokeResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const body = encodeToBytes(LeaseRevokeRequest, request);
    const options = replicaOptions(context);
    const result = await this.#replica.propose(CommandKind.LeaseRevoke, body, options);
    if (result.reason !== null) throw rpcError(result.reason);
    return { header: responseHeader(this.#replica, result.revision) };
  }

  /**
   * Sets a lease back to its full time; one message of the keep-alive stream. A lease that is gone is
   * answered with a TTL of zero. Ref: etcd v3rpc/lease.go, which fills the header before it renews.
   */
  async keepAlive(
    { id }: LeaseKeepAliveRequest,
    context: CallContext,
  ): Promise<LeaseKeepAliveResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const header = responseHeader(this.#replica, this.#replica.machine.store.revision);
    const ttl = await this.#replica.renewLease(id, replicaOptions(context));
    return { header, id, ttl };
  }

  /** What is left of a lease, and what is attached to it; a TTL of -1 if there is no such lease. */
  async timeToLive(
    { id, keys }: LeaseTimeToLiveRequest,
    context: CallContext,
  ): Promise<LeaseTimeToLiveResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const options = replicaOptions(context);
    const { remainingSeconds, grantedSeconds } = await this.#replica.leaseTime(id, options);
    const { machine } = this.#replica;
    return {
      header: responseHeader(this.#replica, machine.store.revision),
      id,
      ttl: remainingSeconds,
      grantedTtl: grantedSeconds,
      keys: keys ? machine.leases.keysOf(id) : [],
    };
  }

  /** All leases that this replica knows of. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every method of a service
  async leases(_request: LeaseLeasesRequest, context: CallContext): Promise<LeaseLeasesResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    const { machine } = this.#replica;
    return {
      header: responseHeader(this.#replica, machine.store.revision),
      leases: [...machine.leases.list()].map(({ id }) => ({ id })),
    };
  }
}

/** A positive 63-bit identifier. */
function randomLeaseId(): LeaseId {
  for (;;) {
    const [drawn] = crypto.getRandomValues(new BigUint64Array(1));
    const id = BigInt.asUintN(63, drawn);
    if (id !== 0n) return id;
  }
}
