import { assert } from "@std/assert";
import { LocalCluster, type ServerProcess } from "../e2e/local_cluster.ts";
import type { Conversation, Fuzzed } from "./conversation.ts";
import { grpcConversation, jsonConversation } from "./http_conversations.ts";
import {
  multiplexConversation,
  type PeerAddress,
  peerConversation,
} from "./socket_conversations.ts";

/** What a line of the log may say at level `error`: the hostile input was told why. */
const EXPECTED_ERRORS: readonly string[] = ["rejected peer"];

interface MemberListAnswer {
  readonly header: { readonly cluster_id: string; readonly member_id: string };
  readonly members: readonly { readonly ID: string; readonly peerURLs: readonly string[] }[];
}

/** Three replicas in processes of their own, the first of which is attacked. */
export class FuzzTarget implements AsyncDisposable {
  readonly #cluster = new LocalCluster(3, ["--storage", "memory"]);
  #peerPort = 0;
  #address: PeerAddress = { clusterId: 0n, memberId: 0n };
  #linesSeen = 0;

  private constructor() {}

  /** Starts them. */
  static async start(): Promise<FuzzTarget> {
    const target = new FuzzTarget();
    await target.#cluster.start();
    const list = await target.server.call<MemberListAnswer>("/v3/cluster/member/list", {});
    assert(list !== null);
    const { cluster_id: clusterId, member_id: memberId } = list.header;
    target.#address = { clusterId: BigInt(clusterId), memberId: BigInt(memberId) };
    const self = list.members.find(({ ID }) => ID === memberId);
    target.#peerPort = Number(new URL(self?.peerURLs[0] ?? "").port);
    return target;
  }

  /** The replica that is attacked. */
  get server(): ServerProcess {
    return this.#cluster.replicas[0];
  }

  /** Where a protocol is spoken. */
  port(fuzzed: Fuzzed): number {
    return fuzzed === "peer" ? this.#peerPort : Number(new URL(this.server.clientUrl).port);
  }

  /** What is said there. */
  conversation(fuzzed: Fuzzed): Conversation {
    switch (fuzzed) {
      case "json":
        return jsonConversation;
      case "grpc":
        return grpcConversation;
      case "ws":
        return multiplexConversation;
      case "peer":
        return peerConversation(this.#address);
    }
  }

  /** The memory that the attacked process holds. Zero where the system does not tell. */
  async residentBytes(): Promise<number> {
    if (Deno.build.os !== "linux") return 0;
    const status = await Deno.readTextFile(`/proc/${this.server.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
  }

  /** How many watch streams the attacked process serves. */
  async watchStreams(): Promise<number> {
    const metrics = await (await fetch(`${this.server.clientUrl}/metrics`)).text();
    return Number(/^etcd_debugging_mvcc_watch_stream_total (\d+)$/m.exec(metrics)?.[1]);
  }

  /** What the attacked process has complained of since the last time, or said that is no log. */
  complaints(): string[] {
    const { lines } = this.server;
    const found = lines.slice(this.#linesSeen).filter((line) => line !== "" && isComplaint(line));
    this.#linesSeen = lines.length;
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}

function isComplaint(line: string): boolean {
  if (!line.startsWith("{")) return true;
  const { level, msg } = JSON.parse(line);
  return level === "error" && !EXPECTED_ERRORS.includes(msg);
}
