import { createHash, timingSafeEqual } from "node:crypto";
import { readBody } from "../api/gateway/body.ts";
import { BodyIntake } from "../api/gateway/body_intake.ts";
import { CorsPolicy } from "../api/gateway/cors.ts";
import { pathOf } from "../api/gateway/router.ts";
import type { FetchHandler } from "../api/fetch_handler.ts";
import { equalBytes } from "../base/bytes.ts";
import { formatId, type MemberId, NO_MEMBER } from "../base/ids.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import type { MembersTable } from "../machine/members.ts";
import { ReplicaError } from "../replica/errors.ts";
import type { Replica } from "../replica/replica.ts";
import { JOIN_PATH, LEARNER_PROTOCOL, offeredToken } from "../transport/browser_learner.ts";
import { CloseCode, type Refusal } from "../transport/close_code.ts";
import type { Hello } from "../transport/hello.ts";
import { PEER_PATH } from "../transport/websocket.ts";
import type { BrowserLearnerSettings } from "./browser_learner_flags.ts";
import { mayConnect } from "./client_sockets.ts";
import type { PeerPort } from "./peer_port.ts";

/** Who asks to be a member: an identity that its storage has drawn, so that asking twice is harmless. */
interface JoinRequest {
  readonly memberId: MemberId;
  readonly instanceId: Uint8Array;
}

/** Where learners in browsers come in, on the ports for clients. */
export class LearnerDoor {
  readonly #replica: Replica;
  readonly #port: PeerPort;
  readonly #settings: BrowserLearnerSettings;
  readonly #origins: readonly string[];
  readonly #cors: CorsPolicy;
  readonly #intake = new BodyIntake();

  constructor(
    replica: Replica,
    port: PeerPort,
    settings: BrowserLearnerSettings,
    origins: readonly string[],
  ) {
    this.#replica = replica;
    this.#port = port;
    this.#settings = settings;
    this.#origins = origins;
    this.#cors = new CorsPolicy(origins);
  }

  /** A handler that takes what is for this door and gives everything else to `rest`. */
  before(rest: FetchHandler): FetchHandler {
    return async (request) => {
      const path = pathOf(request.url);
      if (path === PEER_PATH) return this.#upgrade(request);
      if (path !== JOIN_PATH || request.method !== "POST") return await rest(request);
      const response = await this.#join(request);
      for (const [name, value] of Object.entries(this.#cors.headers(request))) {
        response.headers.set(name, value);
      }
      return response;
    };
  }

  #upgrade(request: Request): Response {
    const { headers } = request;
    if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(426, "Learners connect here by WebSocket.");
    }
    if (!mayConnect(headers.get("origin"), new URL(request.url), this.#origins)) {
      return refuse(403, "Pages of this origin may not connect: see --cors.");
    }
    if (!this.#isToken(offeredToken(headers.get("sec-websocket-protocol") ?? ""))) {
      return refuse(401, "The token is wrong: see --browser-learner-token.");
    }
    const { members } = this.#replica.machine;
    return this.#port.accept(request, LEARNER_PROTOCOL, (hello) => refuseLearner(hello, members));
  }

  async #join(request: Request): Promise<Response> {
    const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "");
    if (!this.#isToken(bearer === null ? null : bearer[1])) {
      return refuse(401, "The token is wrong: see --browser-learner-token.");
    }
    const asked = parseJoin(decodeUtf8(await readBody(request, this.#intake)));
    if (asked === null) return refuse(400, "Cannot read who wants to join.");
    try {
      await this.#add(asked);
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
      return refuse(error.reason === "too many learners" ? 429 : 503, error.message);
    }
    const { members } = this.#replica.machine;
    const refusal = refuseLearner({ from: asked.memberId, storageId: asked.instanceId }, members);
    return refusal === null ? this.#welcome() : refuse(410, refusal.reason);
  }

  /** Makes the asker a member, unless it is one or was one. */
  async #add({ memberId: id, instanceId }: JoinRequest): Promise<void> {
    await this.#replica.linearize();
    const { members } = this.#replica.machine;
    if (members.get(id) !== undefined || members.wasRemoved(id)) return;
    const { learnersMax } = this.#settings;
    await this.#replica.changeMembers({
      kind: "addLearner",
      id,
      peerUrls: [],
      instanceId,
      learnersMax,
    });
  }

  #welcome(): Response {
    const { clusterId, memberId, machine } = this.#replica;
    return Response.json({
      cluster_id: formatId(clusterId),
      server_id: formatId(memberId),
      members: machine.members.list()
        .filter(({ isLearner }) => !isLearner)
        .map(({ id, clientUrls }) => ({ id: formatId(id), client_urls: clientUrls })),
    });
  }

  #isToken(shown: string | null): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return shown !== null && timingSafeEqual(digest(shown), digest(this.#settings.token));
  }
}

/**
 * Why the sender of a hello may not come in as a learner, or null. Safety: nobody comes in here under
 * the name of a voter, nor under that of a learner whose storage is another one.
 */
function refuseLearner(
  { from, storageId }: Pick<Hello, "from" | "storageId">,
  members: MembersTable,
): Refusal | null {
  if (members.wasRemoved(from)) {
    const reason = `member ${formatId(from)} was removed from the cluster; join as a new one`;
    return { code: CloseCode.RemovedMember, reason };
  }
  const member = members.get(from);
  if (member === undefined) {
    const reason = `member ${formatId(from)} is not known here; ask to join first`;
    return { code: CloseCode.UnknownMember, reason };
  }
  const isBrowser = member.isLearner && member.peerUrls.length === 0;
  if (isBrowser && equalBytes(member.instanceId, storageId)) return null;
  const reason = `member ${formatId(from)} is not this learner; join as a new one`;
  return { code: CloseCode.WrongStorage, reason };
}

function parseJoin(text: string): JoinRequest | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const { member_id: id, instance_id: instance } = Object(json) as Record<string, unknown>;
  if (typeof id !== "string" || !/^[0-9a-f]{1,16}$/.test(id)) return null;
  if (typeof instance !== "string" || !/^[0-9a-f]{32}$/.test(instance)) return null;
  const memberId = BigInt(`0x${id}`);
  if (memberId === NO_MEMBER) return null;
  return { memberId, instanceId: Uint8Array.from(instance.match(/../g)!, (x) => parseInt(x, 16)) };
}

function refuse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
