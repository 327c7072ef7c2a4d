import { formatId, type MemberId, NO_MEMBER } from "../base/ids.ts";
import { alarmName } from "../api/services/maintenance_service.ts";
import type { Http2Event } from "../http2/event.ts";
import type { ReplicaEvent } from "../replica/status.ts";
import type { Logger } from "./log.ts";
import type { TlsHandlers } from "./tls_listener.ts";

/** What etcd's users know a removed member by. */
export const REMOVED = "the member has been permanently removed from the cluster";

/** Writes what happens to a replica into the log. */
export function logReplicaEvent(logger: Logger, self: MemberId, event: ReplicaEvent): void {
  const log = (level: "info" | "warn" | "error", msg: string, fields: Record<string, unknown>) =>
    logger.log(level, "replica/loop", msg, { "local-member-id": formatId(self), ...fields });
  switch (event.type) {
    case "leader": {
      const fields = { leader: formatId(event.leader), "raft-term": event.term, role: event.role };
      if (event.role === "leader") return log("info", "became leader", fields);
      return log("info", event.leader === NO_MEMBER ? "has no leader" : "follows leader", fields);
    }
    case "recovered":
      for (const note of event.notes) log("warn", "recovered storage", { note });
      return log("info", "opened storage", { "last-index": event.index });
    case "snapshotSaved":
      return log("info", "saved snapshot", { index: event.index, bytes: event.byteLength });
    case "snapshotInstalled":
      return log("info", "installed snapshot", { index: event.index, from: formatId(event.from) });
    case "alarmRaised":
    case "alarmCleared": {
      const raised = event.type === "alarmRaised";
      const fields = {
        alarm: alarmName(event.alarm),
        "alarmed-member-id": formatId(event.memberId),
      };
      return log(raised ? "warn" : "info", raised ? "alarm raised" : "alarm cleared", fields);
    }
    case "compacted":
      return log("info", "scheduled compaction", { "compact-revision": event.revision });
    case "spaceFreed":
      return log("info", "finished scheduled compaction", {
        "compact-revision": event.revision,
        "current-db-size-bytes": event.bytesTotal,
        "current-db-size-in-use-bytes": event.bytesInUse,
      });
    case "removed":
      return log("error", REMOVED, {});
    case "failed":
      return log("error", "replica failed", { error: event.error.message });
    case "peerConnected":
    case "peerDisconnected":
      // The transport's own lines say more.
      return;
  }
}

/** Writes what goes wrong on a client's connection into the log. */
export function logHttp2Event(logger: Logger, event: Http2Event): void {
  if (event.kind === "handler_error") {
    const fields = { path: event.path, error: String(event.error) };
    return logger.log("error", "http2/handler", "a request could not be served", fields);
  }
  const fields = { "error-code": event.code, error: event.message };
  const msg = event.kind === "connection_error" ? "connection closed" : "stream reset";
  logger.log("debug", "http2/connection", msg, fields);
}

/** Writes what happens to TLS on one kind of port into the log. */
export function tlsLog(
  logger: Logger,
  kind: "client" | "peer",
): Omit<TlsHandlers, "onConnection"> {
  return {
    onRejected: (address, reason) => {
      const fields = { "remote-addr": address, error: reason };
      logger.log("warn", "server/tls", `rejected connection on ${kind} endpoint`, fields);
    },
    onReload: (error) => {
      if (error === null) return logger.log("info", "server/tls", "took new certificates", {});
      const fields = { error: error.message };
      logger.log("warn", "server/tls", "cannot take new certificates", fields);
    },
  };
}
