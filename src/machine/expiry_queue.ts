/** The leader's queue of leases that end, for the replica, which may not look into `lease`. */
export { ExpiryQueue } from "../lease/expiry_queue.ts";
