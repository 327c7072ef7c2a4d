import { formatId, type MemberId, NO_MEMBER } from "../../base/ids.ts";
import type { ReplicaEvent } from "../../replica/status.ts";
import { Counter, gauges, type Metric } from "./metric.ts";

/** What can only be known by counting what a replica tells. */
export class EventMetrics {
  readonly #leaderChanges = new Counter(
    "etcd_server_leader_changes_seen_total",
    "How many changes of leader were seen.",
  );
  readonly #snapshotsSaved = new Counter(
    "kvorum_snapshots_saved_total",
    "How many snapshots were saved.",
  );
  readonly #snapshotsInstalled = new Counter(
    "kvorum_snapshots_installed_total",
    "How many snapshots came from a leader.",
  );
  readonly #peers = new Set<MemberId>();
  #leader: MemberId = NO_MEMBER;

  constructor() {
    for (const counter of [this.#leaderChanges, this.#snapshotsSaved, this.#snapshotsInstalled]) {
      counter.cell();
    }
  }

  /** What to show. */
  metrics(self: MemberId): readonly Metric[] {
    const Local = formatId(self);
    const peers = gauges(
      "etcd_network_active_peers",
      "The peers that are connected.",
      () => Array.from(this.#peers, (peer) => [{ Local, Remote: formatId(peer) }, 1]),
    );
    return [this.#leaderChanges, this.#snapshotsSaved, this.#snapshotsInstalled, peers];
  }

  /** Takes in what a replica tells. */
  onEvent(event: ReplicaEvent): void {
    switch (event.type) {
      case "leader":
        if (event.leader !== NO_MEMBER && event.leader !== this.#leader) {
          this.#leader = event.leader;
          this.#leaderChanges.cell().value++;
        }
        return;
      case "peerConnected":
        this.#peers.add(event.peer);
        return;
      case "peerDisconnected":
        this.#peers.delete(event.peer);
        return;
      case "snapshotSaved":
        this.#snapshotsSaved.cell().value++;
        return;
      case "snapshotInstalled":
        this.#snapshotsInstalled.cell().value++;
        return;
    }
  }
}
