import { Sha256 } from "../../base/sha256.ts";
import { encodeSnapshotFile } from "../../machine/snapshot_file.ts";
import type { SnapshotResponse } from "../../proto/maintenance.ts";
import { ETCD_STORAGE_VERSION } from "../etcd_version.ts";
import type { ReplicaPort } from "../replica_port.ts";

/** How much of the file one message carries. */
const BLOB_BYTES = 262_144;

/**
 * A snapshot of this replica as messages: the file in pieces, then its digest in a message of its own
 * that `remainingBytes` does not count, as in etcd. It is the state at the call, however slowly it is
 * read: segments are shared and never change.
 */
export function snapshotMessages(replica: ReplicaPort): Generator<SnapshotResponse> {
  const { clusterId, appliedIndex, term } = replica.status();
  const snapshot = replica.machine.snapshot();
  return messagesOf(encodeSnapshotFile({ clusterId, index: appliedIndex, term, ...snapshot }));
}

function* messagesOf(parts: readonly Uint8Array[]): Generator<SnapshotResponse> {
  const hash = new Sha256();
  let remainingBytes = parts.reduce((sum, part) => sum + part.length, 0);
  for (const part of parts) {
    for (let at = 0; at < part.length; at += BLOB_BYTES) {
      const blob = part.subarray(at, at + BLOB_BYTES);
      hash.update(blob);
      remainingBytes -= blob.length;
      yield { remainingBytes, blob, version: ETCD_STORAGE_VERSION };
    }
  }
  yield { remainingBytes: 0, blob: hash.digest(), version: ETCD_STORAGE_VERSION };
}
