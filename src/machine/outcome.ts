import type { AlarmTable } from "./alarms.ts";
import type { AuthTable } from "./auth_table.ts";
import type { LeaseTable } from "../lease/lease_table.ts";
import type { MembersTable } from "./members.ts";
import type { MvccStore } from "../mvcc/store.ts";
import type { LeaseExists } from "../mvcc/txn.ts";
import type { Reason } from "./result.ts";

/** What commands work on. */
export interface MachineState {
  readonly store: MvccStore;
  readonly leases: LeaseTable;
  readonly members: MembersTable;
  readonly alarms: AlarmTable;
  readonly auth: AuthTable;
  /** Whether there is such a lease; made once, because every put asks. */
  readonly leaseExists: LeaseExists;
}

/** A response message without its header, or the reason why nothing changed. */
export type Outcome = object | Reason;
