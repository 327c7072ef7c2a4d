/**
 * The methods that the multiplexed protocol knows, by number. The numbers are part of the protocol:
 * they never change their meaning, and new ones are added.
 */
const NAMES: Readonly<Record<number, string>> = {
  1: "/etcdserverpb.KV/Range",
  2: "/etcdserverpb.KV/Put",
  3: "/etcdserverpb.KV/DeleteRange",
  4: "/etcdserverpb.KV/Txn",
  5: "/etcdserverpb.KV/Compact",
  10: "/etcdserverpb.Watch/Watch",
  20: "/etcdserverpb.Lease/LeaseGrant",
  21: "/etcdserverpb.Lease/LeaseRevoke",
  22: "/etcdserverpb.Lease/LeaseTimeToLive",
  23: "/etcdserverpb.Lease/LeaseLeases",
  24: "/etcdserverpb.Lease/LeaseKeepAlive",
  30: "/etcdserverpb.Cluster/MemberList",
  31: "/etcdserverpb.Cluster/MemberAdd",
  32: "/etcdserverpb.Cluster/MemberRemove",
  33: "/etcdserverpb.Cluster/MemberUpdate",
  34: "/etcdserverpb.Cluster/MemberPromote",
  40: "/etcdserverpb.Maintenance/Status",
  41: "/etcdserverpb.Maintenance/Alarm",
  42: "/etcdserverpb.Maintenance/Hash",
  43: "/etcdserverpb.Maintenance/HashKV",
  44: "/etcdserverpb.Maintenance/Defragment",
  45: "/etcdserverpb.Maintenance/MoveLeader",
  46: "/etcdserverpb.Maintenance/Downgrade",
  47: "/etcdserverpb.Maintenance/Snapshot",
  50: "/v3lockpb.Lock/Lock",
  51: "/v3lockpb.Lock/Unlock",
  60: "/v3electionpb.Election/Campaign",
  61: "/v3electionpb.Election/Proclaim",
  62: "/v3electionpb.Election/Leader",
  63: "/v3electionpb.Election/Observe",
  64: "/v3electionpb.Election/Resign",
};

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(NAMES).map(([number, name]) => [name, Number(number)]),
);

/** The number of a method by its full gRPC name, or undefined for one without a number. */
export function methodNumber(name: string): number | undefined {
  return NUMBERS.get(name);
}
