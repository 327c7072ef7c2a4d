import { type ClusterId, formatId, type MemberId } from "../base/ids.ts";
import { JOIN_PATH } from "../transport/browser_learner.ts";
import type { PeerAddress } from "../transport/peer_message.ts";

/** How long one server may take to answer. */
const ANSWER_MS_MAX = 10_000;

/** Why a cluster did not take a learner in. */
export type JoinReason =
  /** No server answered, or none could just now: asking again may help. */
  | "unreachable"
  /** The token is wrong, or the cluster has as many learners as it may. */
  | "refused"
  /** The learner was a member once, and is no more: it may come back as a new one. */
  | "removed";

/**
 * The cluster did not take this learner in.
 *
 * @example Tell a wrong token from a cluster out of reach
 * ```ts
 * import {
 *   type BrowserReplica,
 *   type BrowserReplicaOptions,
 *   JoinError,
 *   openBrowserReplica,
 * } from "@kvorum/kvorum/browser";
 *
 * export async function open(options: BrowserReplicaOptions): Promise<BrowserReplica | null> {
 *   try {
 *     return await openBrowserReplica(options);
 *   } catch (error) {
 *     if (!(error instanceof JoinError) || error.reason !== "unreachable") throw error;
 *     return null; // Nobody answers now: offer to try again.
 *   }
 * }
 * ```
 */
export class JoinError extends Error {
  /** What `toString` and traces begin with. */
  override name = "JoinError";
  /** What a program decides by. */
  readonly reason: JoinReason;

  /** Made by Kvorum. */
  constructor(reason: JoinReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Where the learner belongs, and whom it talks to. */
export interface Welcome {
  readonly clusterId: ClusterId;
  /** The voters, at addresses for clients. */
  readonly voters: readonly PeerAddress[];
}

/** Who asks: drawn by the learner itself, so that asking again changes nothing. */
export interface Asker {
  readonly memberId: MemberId;
  readonly instanceId: Uint8Array;
}

/**
 * Asks one server after the other to be a learner, until one says yes or no.
 *
 * @throws {JoinError} with the reason why not
 */
export async function askToJoin(
  endpoints: readonly string[],
  token: string,
  asker: Asker,
): Promise<Welcome> {
  const failures: string[] = [];
  for (const endpoint of endpoints) {
    try {
      return await ask(endpoint, token, asker);
    } catch (error) {
      if (error instanceof JoinError && error.reason !== "unreachable") throw error;
      failures.push(`${endpoint}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new JoinError(
    "unreachable",
    `Cannot join: ${failures.join("; ") || "no endpoint is given"}`,
  );
}

async function ask(endpoint: string, token: string, asker: Asker): Promise<Welcome> {
  const response = await fetch(new URL(JOIN_PATH, endpoint), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({
      member_id: formatId(asker.memberId),
      instance_id: Array.from(asker.instanceId, (x) => x.toString(16).padStart(2, "0")).join(""),
    }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const text = await response.text();
  if (response.ok) return parseWelcome(JSON.parse(text), endpoint);
  const said = `Cannot join: ${endpoint} answers ${response.status} ${text.trim()}`;
  if (response.status === 410) throw new JoinError("removed", said);
  const isFinal = response.status < 500;
  throw new JoinError(isFinal ? "refused" : "unreachable", said);
}

/** The endpoint that answered is a way to the server that did, whatever that one advertises. */
function parseWelcome(json: unknown, endpoint: string): Welcome {
  const { cluster_id: clusterId, server_id: serverId, members } = Object(json);
  if (!isId(clusterId) || !isId(serverId) || !Array.isArray(members)) throw unreadable(endpoint);
  const voters = members.map((member: unknown) => {
    const { id, client_urls: urls } = Object(member);
    if (!isId(id) || !Array.isArray(urls)) throw unreadable(endpoint);
    const known = urls.filter((url) => typeof url === "string");
    return { id: BigInt(`0x${id}`), urls: id === serverId ? [endpoint, ...known] : known };
  });
  return { clusterId: BigInt(`0x${clusterId}`), voters };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{1,16}$/.test(value);
}

function unreadable(endpoint: string): JoinError {
  return new JoinError("unreachable", `Cannot read the answer of ${endpoint}`);
}
