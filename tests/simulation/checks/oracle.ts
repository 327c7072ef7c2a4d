import { decode } from "../../../src/proto/codec.ts";
import { type Batch, type Command, CommandKind, decodeEntry } from "../../../src/proto/command.ts";
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  TxnRequest,
} from "../../../src/proto/kv.ts";
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
} from "../../../src/proto/lease.ts";
import { decodeMemberAttributes } from "../../../src/machine/member_attributes.ts";
import type { AppliedBatch } from "../../../src/machine/machine.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import { KvModel } from "../../model/kv_model.ts";
import { LeaseModel } from "../../model/lease_model.ts";
import type { Verdict } from "../verdict.ts";
import { MemberModel } from "./member_model.ts";

/** What one command must have answered: what is cheap to compare and easy to get wrong. */
interface Expected {
  readonly reason: string | null;
  readonly revision: number;
}

/** What one batch must have answered. */
interface ExpectedBatch {
  readonly duplicate: boolean;
  readonly results: readonly Expected[];
  readonly revision: number;
}

/** Learns when leases begin and end in the log. */
export interface LeaseListener {
  granted(id: bigint, ttlSeconds: number): void;
  /** @param isByLeader Whether a leader's clock ended it, and no client. */
  revoked(id: bigint, isByLeader: boolean): void;
}

/** How far behind an origin's newest batch a batch may be. */
const WINDOW = 1_024;

/**
 * The state machine once more, in the plainest form: it applies the log that the replicas agreed on,
 * each entry once, and says what every replica's revisions and answers must be.
 */
export class Oracle {
  readonly model: KvModel = new KvModel();
  readonly #times = new LeaseModel();
  readonly #nowMs: () => number;
  readonly #verdict: Verdict;
  readonly #leases: LeaseListener;
  readonly #expected = new Map<number, ExpectedBatch>();
  readonly #hashes = new Map<number, number>();
  readonly #origins = new Map<bigint, { incarnation: number; newest: number; seen: Set<number> }>();
  readonly #identities = new Map<string, Expected & { readonly kind: number }>();
  readonly #members: MemberModel;

  /** When each revision was first applied anywhere, by revision. */
  readonly revisionMs: number[] = [0, 0];

  constructor(
    founders: readonly bigint[],
    leases: LeaseListener,
    verdict: Verdict,
    nowMs: () => number,
  ) {
    this.#nowMs = nowMs;
    this.#leases = leases;
    this.#verdict = verdict;
    this.#members = new MemberModel(founders);
  }

  /** Whether a member was removed from the cluster. */
  wasRemoved(id: bigint): boolean {
    return this.#members.wasRemoved(id);
  }

  /** Whether it is a member by now. */
  isMember(id: bigint): boolean {
    return this.#members.has(id);
  }

  /** How many members there are by now. */
  get memberCount(): number {
    return this.#members.size;
  }

  /** How many joint configurations there were. */
  get jointCount(): number {
    return this.#members.jointCount;
  }

  /** Whether there is such a lease by now. */
  hasLease(id: bigint): boolean {
    return this.model.leases.has(id);
  }

  /** The log goes on. */
  apply(entry: Entry): void {
    if (entry.kind === EntryKind.Configuration) {
      for (const id of this.#members.apply(entry.data)) this.#origins.delete(id);
    } else if (entry.kind === EntryKind.Command) {
      const { leaseClockMs, ...batch } = decodeEntry(entry.data);
      if (leaseClockMs < this.#times.clockMs) {
        this.#verdict.report("leases", `the clock goes back at entry ${entry.index}`);
      }
      this.#times.stamp(leaseClockMs);
      this.#expected.set(entry.index, this.#applyBatch(batch));
      while (this.revisionMs.length <= this.model.revision) this.revisionMs.push(this.#nowMs());
    }
  }

  #applyBatch({ origin, incarnation, number, commands }: Batch): ExpectedBatch {
    const duplicate = this.#members.wasRemoved(origin) || !this.#admit(origin, incarnation, number);
    const results = duplicate ? [] : commands.map((command) => this.#applyCommand(command));
    return { duplicate, results, revision: this.model.revision };
  }

  #admit(origin: bigint, incarnation: number, number: number): boolean {
    if (origin === 0n) return true;
    let known = this.#origins.get(origin);
    if (known === undefined || incarnation > known.incarnation) {
      known = { incarnation, newest: 0, seen: new Set() };
      this.#origins.set(origin, known);
    }
    if (incarnation < known.incarnation) return false;
    if (number <= known.newest - WINDOW || known.seen.has(number)) return false;
    known.newest = Math.max(known.newest, number);
    known.seen.add(number);
    return true;
  }

  #applyCommand(command: Command): Expected {
    const { identity } = command;
    if (identity === null) return this.#run(command);
    const key = `${identity.client}/${identity.sequence}`;
    const known = this.#identities.get(key);
    if (known !== undefined) return known;
    const result = { ...this.#run(command), kind: command.kind };
    this.#identities.set(key, result);
    return result;
  }

  #run(command: Command): Expected {
    const outcome = this.#execute(command);
    const reason = typeof outcome === "string" ? outcome : null;
    return { reason, revision: this.model.revision };
  }

  #execute({ kind, body }: Command): unknown {
    const { model } = this;
    switch (kind) {
      case CommandKind.Put:
        return model.put(decode(PutRequest, body));
      case CommandKind.DeleteRange:
        return model.deleteRange(decode(DeleteRangeRequest, body));
      case CommandKind.Txn:
        return model.txn(decode(TxnRequest, body));
      case CommandKind.Compaction:
        return model.compact(decode(CompactionRequest, body).revision);
      case CommandKind.LeaseGrant: {
        const { id, ttl } = decode(LeaseGrantRequest, body);
        if (model.leases.has(id)) return "lease exists";
        model.leases.add(id);
        this.#times.grant(id, ttl);
        this.#leases.granted(id, ttl);
        return {};
      }
      case CommandKind.LeaseRevoke:
        return this.#revoke(decode(LeaseRevokeRequest, body).id, false);
      case CommandKind.LeaseRenew:
        return this.#times.renew(decode(LeaseKeepAliveRequest, body).id);
      case CommandKind.LeaseExpire: {
        const { id } = decode(LeaseRevokeRequest, body);
        return this.#times.isOver(id) ? this.#revoke(id, true) : {};
      }
      case CommandKind.MemberAttributes:
        return this.#members.has(decodeMemberAttributes(body).id) ? {} : "member not found";
      default:
        return {};
    }
  }

  #revoke(id: bigint, isByLeader: boolean): unknown {
    const { model } = this;
    if (!model.leases.delete(id)) return "lease not found";
    this.#times.end(id);
    this.#leases.revoked(id, isByLeader);
    const keys = [...model.stateAt(model.revision).values()].filter(({ lease }) => lease === id);
    const rangeEnd = new Uint8Array(0);
    return model.txn({
      compare: [],
      success: keys.map(({ key }) => ({ requestDeleteRange: { key, rangeEnd, prevKv: false } })),
      failure: [],
    });
  }

  /** Compares what a replica made of the batch at `index`. */
  check(who: string, index: number, batch: AppliedBatch, revision: number): void {
    const expected = this.#expected.get(index);
    if (expected === undefined) return;
    const problem = difference(expected, batch, revision);
    if (problem !== null) {
      this.#verdict.report("exactly once", `${who} at entry ${index}: ${problem}`);
    }
  }

  /** Compares a replica's state at `index` with that of the others there. */
  checkHash(who: string, index: number, hash: number): void {
    const known = this.#hashes.get(index);
    this.#hashes.set(index, hash);
    if (known !== undefined && known !== hash) {
      this.#verdict.report("equal state", `${who} differs from another replica at entry ${index}`);
    }
  }
}

function difference(expected: ExpectedBatch, batch: AppliedBatch, revision: number): string | null {
  if (expected.duplicate !== batch.duplicate) {
    return batch.duplicate ? "it was passed over as a duplicate" : "it was applied a second time";
  }
  for (const [i, { reason, response: _, revision: at }] of batch.results.entries()) {
    const wanted = expected.results[i];
    if (wanted.reason !== reason) {
      return `command ${i} was answered ${reason}, not ${wanted.reason}`;
    }
    if (wanted.revision !== at) return `command ${i} is at revision ${at}, not ${wanted.revision}`;
  }
  if (expected.revision !== revision) return `revision ${revision}, not ${expected.revision}`;
  return null;
}
