import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { LeaseId } from "../base/ids.ts";
import type { Command } from "../machine/command.ts";
import { checkpointLeasesCommand, revokeLeaseCommand } from "../machine/lease_command.ts";
import { LeaseTimer } from "../machine/lease_timer.ts";
import type { Machine } from "../machine/machine.ts";
import { ReplicaError } from "./errors.ts";

/** How often the leader looks for leases that have run out. Ref: etcd lessor.go. */
const SCAN_INTERVAL_MS = 500;
/** Leases revoked in one scan, so that the end of many at once does not crowd out the rest. */
const REVOKED_PER_SCAN = 500;
/** A renewal that must wait for the log looks again after this long. */
const WAIT_MS = 50;

/** What a lease has left, as the leader's clock says. */
export interface LeaseTime {
  /** Whole seconds until the lease ends; -1 if there is no such lease. */
  readonly remainingSeconds: number;
  readonly grantedSeconds: number;
}

/** What the keeper needs of the replica that it is part of. */
interface KeeperContext {
  readonly machine: Machine;
  nowMs(): number;
  /** How long after a change of leader the old one may still have renewed leases. */
  readonly electionTimeoutMs: number;
  /** Whether this replica leads and has applied an entry of its own term. */
  leads(): boolean;
  /**
   * Puts commands into the log if this replica leads right now, in this term or never. Safety: a
   * revocation decided by an earlier leader must not reach the log of a later one, which may have
   * renewed the lease meanwhile.
   */
  proposeAsLeader(commands: readonly Command[]): void;
  wait(delayMs: number): Promise<void>;
}

/**
 * The life of leases, kept by the leader: its clock says when one has run out, and the log then ends
 * it on every replica alike.
 */
export class LeaseKeeper {
  readonly #context: KeeperContext;
  readonly #timer: LeaseTimer;
  #scannedMs = 0;

  constructor(context: KeeperContext) {
    this.#context = context;
    this.#timer = new LeaseTimer(context.machine.leases);
  }

  /** Follows the replica's role: starts the clock when it leads, stops it the moment it does not. */
  follow(): void {
    const leads = this.#context.leads();
    if (leads === this.#timer.isPrimary) return;
    if (leads) this.#timer.promote(this.#context.nowMs(), this.#context.electionTimeoutMs);
    else this.#timer.demote();
  }

  /** Ends what has run out and notes what is left of long leases. */
  tick(): void {
    const nowMs = this.#context.nowMs();
    if (!this.#timer.isPrimary || nowMs - this.#scannedMs < SCAN_INTERVAL_MS) return;
    this.#scannedMs = nowMs;
    const commands = this.#timer.expired(nowMs, REVOKED_PER_SCAN).map(revokeLeaseCommand);
    const checkpoints = this.#timer.checkpointsDue(nowMs);
    if (checkpoints.length > 0) commands.push(checkpointLeasesCommand(checkpoints));
    if (commands.length > 0) this.#context.proposeAsLeader(commands);
  }

  /**
   * Sets a lease back to its full time. Leader only.
   *
   * @returns the granted seconds, or zero if there is no such lease any more.
   */
  async renew(id: LeaseId, deadlineMs: number): Promise<number> {
    for (;;) {
      const nowMs = this.#context.nowMs();
      switch (this.#timer.renew(id, nowMs)) {
        case "renewed":
          return this.#context.machine.leases.get(id)?.ttlSeconds ?? 0;
        case "not found":
          return 0;
        case "not primary":
          if (!this.#context.leads()) {
            throw new ReplicaError("not leader", "This replica does not lead: ask the leader");
          }
          break;
        case "checkpoint first":
          this.#context.proposeAsLeader([checkpointLeasesCommand([{ id, remainingSeconds: 0 }])]);
          break;
        case "expired":
          // Its end is on its way through the log; the answer waits for it.
          break;
      }
      if (nowMs >= deadlineMs) {
        throw new ReplicaError("timed out", "The lease could not be renewed in time: try again");
      }
      await this.#context.wait(WAIT_MS);
    }
  }

  /** What a lease has left. Leader only. */
  timeOf(id: LeaseId): LeaseTime {
    const lease = this.#context.machine.leases.get(id);
    const remainingSeconds = this.#timer.remainingSeconds(id, this.#context.nowMs());
    if (!this.#timer.isPrimary) {
      throw new ReplicaError("not leader", "This replica does not lead: ask the leader");
    }
    if (lease === null || remainingSeconds === null) {
      return { remainingSeconds: -1, grantedSeconds: 0 };
    }
    return { remainingSeconds, grantedSeconds: lease.ttlSeconds };
  }
}

/** The body of a call about one lease. */
export function encodeLeaseId(id: LeaseId): Uint8Array {
  const writer = new ByteWriter(8);
  writer.uint64(BigInt.asUintN(64, id));
  return writer.copy();
}

/** Reads what {@linkcode encodeLeaseId} wrote. */
export function decodeLeaseId(bytes: Uint8Array): LeaseId {
  return BigInt.asIntN(64, new ByteReader(bytes).uint64());
}

/** The answer to a call about a lease: two numbers that may be -1. */
export function encodeLeaseTime({ remainingSeconds, grantedSeconds }: LeaseTime): Uint8Array {
  const writer = new ByteWriter(16);
  writer.varint(remainingSeconds + 1);
  writer.varint(grantedSeconds);
  return writer.copy();
}

/** Reads what {@linkcode encodeLeaseTime} wrote. */
export function decodeLeaseTime(bytes: Uint8Array): LeaseTime {
  const reader = new ByteReader(bytes);
  return { remainingSeconds: reader.varint() - 1, grantedSeconds: reader.varint() };
}
