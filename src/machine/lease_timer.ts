/** The leader's clock of leases, for the replica, which may not look into `lease`. */
export { type LeaseCheckpoint, LeaseTimer } from "../lease/lease_timer.ts";
