import { EMPTY_BYTES } from "../../base/bytes.ts";
import { create } from "../../proto/codec.ts";
import { DeleteRangeRequest, RangeRequest } from "../../proto/kv.ts";
import type { LockRequest, LockResponse, UnlockRequest, UnlockResponse } from "../../proto/lock.ts";
import { type CallContext, mustServe } from "../call_context.ts";
import { GrpcCode, RpcError } from "../errors.ts";
import type { ReplicaPort } from "../replica_port.ts";
import { fromInside } from "./from_inside.ts";
import { headerOf } from "./header.ts";
import type { KeyLine, PlaceInLine } from "./key_line.ts";
import type { KvService } from "./kv_service.ts";

/** etcd's Lock service: whoever is at the front of a line has its lock. */
export class LockService {
  readonly #replica: ReplicaPort;
  readonly #kv: KvService;
  readonly #line: KeyLine;

  constructor(replica: ReplicaPort, kv: KvService, line: KeyLine) {
    this.#replica = replica;
    this.#kv = kv;
    this.#line = line;
  }

  /**
   * Waits for the lock, which ends with its lease. A client that goes while it waits gives its place
   * up. Safety: like every lock of a distributed system it may end before its holder knows; the key's
   * create revision is the number to fence with.
   */
  async lock({ name, lease }: LockRequest, context: CallContext): Promise<LockResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    return await fromInside(async () => {
      const place = await this.#line.enter(name, lease, EMPTY_BYTES, context);
      if (place.isFront) return { header: place.header, key: place.key };
      try {
        return await this.#waitFor(place, context);
      } catch (error) {
        await this.#line.leave(place);
        throw error;
      }
    });
  }

  async #waitFor(place: PlaceInLine, context: CallContext): Promise<LockResponse> {
    const { key } = place;
    await this.#line.waitForFront(place, context);
    const response = await this.#kv.range(create(RangeRequest, { key }), context);
    if (response.kvs.length === 0) {
      throw new RpcError(GrpcCode.Unknown, "mutex: session is expired");
    }
    return { header: headerOf(response), key };
  }

  /** Gives a lock back. It does not matter whether it is held. */
  async unlock({ key }: UnlockRequest, context: CallContext): Promise<UnlockResponse> {
    mustServe(this.#replica, context, { learnerMay: false });
    return await fromInside(async () => {
      const request = create(DeleteRangeRequest, { key });
      return { header: headerOf(await this.#kv.deleteRange(request, context)) };
    });
  }
}
