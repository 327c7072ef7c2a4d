import { type Command, etcdctl } from "./etcdctl.ts";

/** The identity of a lease or a member as etcdctl prints it. */
const ID = /\b[0-9a-f]{13,16}\b/g;

/** What differs from server to server in JSON. */
const NUMBERS_OF_A_SERVER =
  /"(cluster_id|member_id|raft_term|lease|id|ID|leader|dbSize|dbSizeInUse|raft\w*Index|raftTerm)":\d+/g;

/**
 * A run of commands against one server. Identities differ from server to server: in what is said the
 * first one seen reads "#1", the second "#2", and commands may name them so.
 */
export class Session {
  readonly #endpoints: string;
  readonly #ids: string[] = [];

  constructor(endpoints: string) {
    this.#endpoints = endpoints;
  }

  /** Runs a command and answers all that can be compared. */
  async run(command: Command): Promise<string> {
    const args = command.args.map((arg) =>
      arg.replace(/#(\d+)/g, (_, number) => this.#ids[number - 1])
    );
    const { code, stdout, stderr } = await etcdctl(this.#endpoints, { ...command, args });
    return [
      `$ etcdctl ${command.args.join(" ")}`,
      this.#normalised(stdout.split("\n").slice(0, command.lines).join("\n")),
      this.#normalised(stderr),
      code === null ? "" : `exit ${code}`,
    ].join("\n");
  }

  #normalised(text: string): string {
    return text
      .replaceAll(NUMBERS_OF_A_SERVER, '"$1":0')
      .replaceAll(/"(ClusterID|MemberID|RaftTerm|Lease|ID)" : \d+/g, '"$1" : 0')
      .replaceAll(/"version":"3\.\d+\.\d+"/g, '"version":"3"')
      .replaceAll(/"name":"\w+"/g, '"name":"NAME"')
      .replaceAll(/started, \w+,/g, "started, NAME,")
      .replaceAll(/^ETCD_INITIAL_CLUSTER=.*$/gm, "ETCD_INITIAL_CLUSTER=MEMBERS")
      // The number of a cluster is padded.
      .replaceAll(/ cluster +/g, " cluster ")
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+|127\.0\.0\.1:\d+/g, "ADDRESS")
      .replaceAll(/endpoint:\/\/client-[^/]*/g, "endpoint://CLIENT")
      .replaceAll(/took = \S+|took \S+/g, "took TIME")
      // One of the two may be slower by a blink.
      .replaceAll(/remaining\(\d+s\)/g, "remaining(TIME)")
      // etcd walks a hash map for these: their order changes from call to call.
      .replaceAll(
        /attached keys\(\[(.*?)\]\)/g,
        (_, keys: string) => `attached keys([${keys.split(" ").sort().join(" ")}])`,
      )
      .replaceAll(/"ts":"?[^,]*,|"caller":"[^"]*",/g, "")
      .replaceAll(ID, (id) => this.#numberOf(id));
  }

  #numberOf(id: string): string {
    if (!this.#ids.includes(id)) this.#ids.push(id);
    return `#${this.#ids.indexOf(id) + 1}`;
  }
}
