/**
 * The methods that the multiplexed protocol knows. The numbers are part of the protocol: they never
 * change their meaning, and new ones are added.
 */
export const MethodNumber = {
  Range: 1,
  Put: 2,
  DeleteRange: 3,
  Txn: 4,
  Compact: 5,
  Watch: 10,
  LeaseGrant: 20,
  LeaseRevoke: 21,
  LeaseTimeToLive: 22,
  LeaseLeases: 23,
  LeaseKeepAlive: 24,
  MemberList: 30,
  MemberAdd: 31,
  MemberRemove: 32,
  MemberUpdate: 33,
  MemberPromote: 34,
  Status: 40,
  Alarm: 41,
  Hash: 42,
  HashKV: 43,
  Defragment: 44,
  MoveLeader: 45,
  Downgrade: 46,
  Snapshot: 47,
  Lock: 50,
  Unlock: 51,
  Campaign: 60,
  Proclaim: 61,
  Leader: 62,
  Observe: 63,
  Resign: 64,
} as const;
/** One of the values of {@linkcode MethodNumber}. */
export type MethodNumber = typeof MethodNumber[keyof typeof MethodNumber];

/** The number of a method by its full gRPC name, or undefined for one without a number. */
export function methodNumber(name: string): number | undefined {
  const short = name.slice(name.lastIndexOf("/") + 1);
  return Object.hasOwn(MethodNumber, short)
    ? MethodNumber[short as keyof typeof MethodNumber]
    : undefined;
}
