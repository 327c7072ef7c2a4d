import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ProclaimResponse,
  ResignRequest,
  ResignResponse,
} from "../../proto/election.ts";
import { LockRequest, LockResponse, UnlockRequest, UnlockResponse } from "../../proto/lock.ts";
import type { ElectionService } from "./election_service.ts";
import type { LockService } from "./lock_service.ts";
import { unary, type UnaryMethod } from "./method.ts";

/** The unary methods of locks. */
export function lockMethods(lock: LockService): readonly UnaryMethod[] {
  const take = unary(
    "/v3lockpb.Lock/Lock",
    "/v3/lock/lock",
    LockRequest,
    LockResponse,
    (request, context) => lock.lock(request, context),
  );
  return [
    { ...take, waits: true },
    unary(
      "/v3lockpb.Lock/Unlock",
      "/v3/lock/unlock",
      UnlockRequest,
      UnlockResponse,
      (request, context) => lock.unlock(request, context),
    ),
  ];
}

/** The unary methods of elections. */
export function electionMethods(election: ElectionService): readonly UnaryMethod[] {
  const campaign = unary(
    "/v3electionpb.Election/Campaign",
    "/v3/election/campaign",
    CampaignRequest,
    CampaignResponse,
    (request, context) => election.campaign(request, context),
  );
  return [
    { ...campaign, waits: true },
    unary(
      "/v3electionpb.Election/Proclaim",
      "/v3/election/proclaim",
      ProclaimRequest,
      ProclaimResponse,
      (request, context) => election.proclaim(request, context),
    ),
    unary(
      "/v3electionpb.Election/Leader",
      "/v3/election/leader",
      LeaderRequest,
      LeaderResponse,
      (request, context) => election.leader(request, context),
    ),
    unary(
      "/v3electionpb.Election/Resign",
      "/v3/election/resign",
      ResignRequest,
      ResignResponse,
      (request, context) => election.resign(request, context),
    ),
  ];
}
