import { get } from "node:https";
import type { ClusterId, MemberId } from "../base/ids.ts";
import { CommandError } from "./command_error.ts";
import { peerTlsOptions } from "./connect_peer.ts";
import { unixPath } from "./listen_url.ts";
import { type MemberList, MEMBERS_PATH, parseMemberList } from "./member_list.ts";
import type { ServeOptions } from "./serve_flags.ts";
import type { TlsFiles } from "./tls_files.ts";

/** How long one member may take to answer. */
const ANSWER_MS_MAX = 3_000;
/** An answer may be so long. */
const ANSWER_LENGTH_MAX = 1_048_576;
/** A member may not know yet that this one was added: so often is asked, so long apart. */
const ATTEMPTS = 6;
const ATTEMPT_MS = 500;

/** Who a replica is in the cluster that it joins. */
export interface Membership {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
}

/**
 * Asks the members of a running cluster which of them this replica is: the one with its peer URLs.
 * Ref: etcd server/etcdserver/cluster_util.go, GetClusterFromRemotePeers.
 *
 * @throws {CommandError} when nobody answers, or the cluster has no such member.
 */
export async function findMembership(
  { initialMembers, memberId, advertisePeerUrls, peerTls }: ServeOptions,
): Promise<Membership> {
  const others = initialMembers.filter(({ id }) => id !== memberId);
  const urls = others.flatMap(({ peerUrls }) => peerUrls);
  if (urls.length === 0) {
    throw new CommandError(
      "--initial-cluster-state existing needs --initial-cluster with the members that run",
    );
  }
  let answered: MemberList | null = null;
  let failure = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    for (const url of urls) {
      const list = await askForMembers(url, peerTls?.files ?? null)
        .catch((error: Error) => failure = `${url}: ${error.message}`);
      if (list === null || typeof list === "string") continue;
      answered = list;
      const own = list.members.find(({ peerUrls }) => sameUrls(peerUrls, advertisePeerUrls));
      if (own !== undefined) return { clusterId: list.clusterId, memberId: own.id };
    }
  }
  throw new CommandError(
    answered === null
      ? `Cannot join: no member answers at ${urls.join()} (${failure}); start them, or start a new ` +
        `cluster with --initial-cluster-state new`
      : `Cannot join: the cluster has no member at ${advertisePeerUrls.join()}; add it first, for ` +
        `example with etcdctl member add`,
  );
}

async function askForMembers(url: string, tls: TlsFiles | null): Promise<MemberList | null> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const path = unixPath(url);
  if (path !== null) {
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const response = await fetch(`http://localhost${MEMBERS_PATH}`, { signal, client });
    return parseMemberList(await response.json());
  }
  const address = new URL(MEMBERS_PATH, url);
  const text = address.protocol === "https:"
    ? await getSecurely(address, tls, signal)
    : await (await fetch(address, { signal })).text();
  return parseMemberList(JSON.parse(text));
}

/** Why not `fetch`: it cannot be told to believe nobody but the one who signs for this cluster. */
function getSecurely(address: URL, tls: TlsFiles | null, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { ...peerTlsOptions(tls), agent: false, signal };
    const request = get(address, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > ANSWER_LENGTH_MAX) request.destroy(new Error("the answer is too long"));
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

function sameUrls(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join() === [...others].sort().join();
}
