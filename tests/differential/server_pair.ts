import { EtcdProcess } from "../conformance/etcd_process.ts";
import { LocalCluster } from "../e2e/local_cluster.ts";
import { Comparison } from "./comparison.ts";
import { Subject } from "./subject.ts";

/** A Kvorum and an etcd of one replica each, as processes of their own, ready to be compared. */
export class ServerPair implements AsyncDisposable {
  readonly comparison: Comparison;
  readonly etcd: EtcdProcess;
  /** Where the two listen for clients. */
  readonly clientUrls: readonly string[];
  readonly #resources: AsyncDisposableStack;

  private constructor(
    comparison: Comparison,
    etcd: EtcdProcess,
    clientUrls: readonly string[],
    resources: AsyncDisposableStack,
  ) {
    this.comparison = comparison;
    this.etcd = etcd;
    this.clientUrls = clientUrls;
    this.#resources = resources;
  }

  static async start(): Promise<ServerPair> {
    await using resources = new AsyncDisposableStack();
    const cluster = resources.use(new LocalCluster(1, ["--storage", "memory"]));
    const [etcd] = await Promise.all([EtcdProcess.start(), cluster.start()]);
    resources.use(etcd);
    const clientUrls = [cluster.replicas[0].clientUrl, etcd.clientUrl];
    const ours = resources.use(new Subject("Kvorum", clientUrls[0]));
    const theirs = resources.use(new Subject("etcd", clientUrls[1]));
    return new ServerPair(new Comparison(ours, theirs), etcd, clientUrls, resources.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
