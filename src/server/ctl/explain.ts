import type { KvorumError } from "../../client/mod.ts";

/** What a person can do about a failed call, by a part of its message. */
const ADVICE: readonly (readonly [part: string, advice: string])[] = [
  ["database space exceeded", "compact, then defrag, then alarm disarm"],
  ["revision has been compacted", "ask for a later revision"],
  ["requested lease not found", "see lease list"],
  ["member not found", "see member list"],
  ["not leader", "connect to the leader: see status"],
  ["UnknownIssuer", "name the server's CA with --cacert"],
  ["no leader", "most replicas are away: see status --cluster"],
];

/** An error in one line, with what to do about it where that is known. */
export function explain(error: KvorumError): string {
  const { message } = error;
  const advice = ADVICE.find(([part]) => message.includes(part));
  if (advice !== undefined) return `${message}: ${advice[1]}`;
  if (!message.startsWith("no answer by the deadline")) return message;
  return `${message}. Is a server there? See --endpoints and --command-timeout`;
}
