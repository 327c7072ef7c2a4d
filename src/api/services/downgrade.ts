import { DowngradeAction } from "../../proto/maintenance.ts";
import { rpcError } from "../errors.ts";
import { ETCD_CLUSTER_VERSION } from "../etcd_version.ts";

const [MAJOR, MINOR] = ETCD_CLUSTER_VERSION.split(".").map(Number);

/**
 * Answers a wish for an older version as etcd does as far as the answer goes: one minor version down
 * is valid. There is no older program that could take over, so nothing is ever begun or under way.
 *
 * @returns the cluster's version.
 * @throws {RpcError} if the version is not the one before, and when a downgrade is to begin.
 */
export function answerDowngrade(action: number, version: string): string {
  if (action === DowngradeAction.CANCEL) return `${MAJOR}.${MINOR}`;
  const match = /^v?(\d+)\.(\d+)(?:\.\d+)?$/.exec(version);
  if (match === null) throw rpcError("wrong downgrade version format");
  if (Number(match[1]) !== MAJOR || Number(match[2]) !== MINOR - 1) {
    throw rpcError("invalid downgrade version");
  }
  if (action === DowngradeAction.ENABLE) throw rpcError("cannot downgrade");
  return `${MAJOR}.${MINOR}`;
}
