import {
  type Member,
  memberAdd,
  memberList,
  memberPromote,
  memberRemove,
  memberUpdate,
} from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { booleanFlag, type Command, textFlag } from "./command.ts";
import { parseId } from "./command_line.ts";
import type { Invocation } from "./invocation.ts";
import { formatId, type Json } from "./json_value.ts";

const PEER_URLS = textFlag("peer-urls", "Where the other replicas reach it, with commas.");

async function list(invocation: Invocation): Promise<number> {
  show(invocation, await memberList(invocation.client(), invocation.wait));
  return 0;
}

async function add(invocation: Invocation): Promise<number> {
  const { args: [name], flags, wait } = invocation;
  const learner = flags.boolean("learner");
  const client = invocation.client();
  const { id, peerUrls } = await memberAdd(client, peerUrlsOf(invocation), { ...wait, learner });
  if (invocation.isJson) {
    invocation.sayJson({ id: formatId(id), peerUrls: [...peerUrls], isLearner: learner });
    return 0;
  }
  const members = await memberList(client, wait);
  const cluster = members.flatMap((member) =>
    member.peerUrls.map((url) => `${member.id === id ? name ?? "NAME" : member.name}=${url}`)
  );
  invocation.say(`Member ${formatId(id)} added. Start it with:`);
  invocation.say(
    `  kvorum serve --name ${name ?? "NAME"} --initial-cluster-state existing ` +
      `--initial-advertise-peer-urls ${peerUrls.join(",")} --initial-cluster ${cluster.join(",")}`,
  );
  return 0;
}

async function remove(invocation: Invocation): Promise<number> {
  const id = parseId("member", invocation.args[0]);
  await memberRemove(invocation.client(), id, invocation.wait);
  return done(invocation, id, "removed");
}

async function update(invocation: Invocation): Promise<number> {
  const id = parseId("member", invocation.args[0]);
  await memberUpdate(invocation.client(), id, peerUrlsOf(invocation), invocation.wait);
  return done(invocation, id, "updated");
}

async function promote(invocation: Invocation): Promise<number> {
  const id = parseId("member", invocation.args[0]);
  await memberPromote(invocation.client(), id, invocation.wait);
  return done(invocation, id, "promoted");
}

function done(invocation: Invocation, id: bigint, what: string): number {
  if (invocation.isJson) invocation.sayJson({ [what]: formatId(id) });
  else invocation.say(`Member ${formatId(id)} ${what}`);
  return 0;
}

function peerUrlsOf({ flags }: Invocation): string[] {
  const urls = flags.get("peer-urls").split(",").filter((url) => url !== "");
  if (urls.length > 0) return urls;
  throw new CommandError("--peer-urls is missing: add --peer-urls http://host:2380");
}

function show(invocation: Invocation, members: readonly Member[]): void {
  if (invocation.isJson) return invocation.sayJson({ members: members.map(memberToJson) });
  invocation.sayTable(
    ["ID", "STATUS", "NAME", "PEERS", "CLIENTS", "LEARNER"],
    members.map(({ id, name, peerUrls, clientUrls, isLearner }) => [
      formatId(id),
      name === "" ? { text: "unstarted", style: "yellow" } : "started",
      name,
      peerUrls.join(","),
      clientUrls.join(","),
      String(isLearner),
    ]),
  );
}

function memberToJson({ id, name, peerUrls, clientUrls, isLearner }: Member): Json {
  return {
    id: formatId(id),
    name,
    peerUrls: [...peerUrls],
    clientUrls: [...clientUrls],
    isLearner,
  };
}

/** The members of a cluster. */
export const MEMBER_COMMANDS: readonly Command[] = [
  { name: "member list", usage: "", help: "show the replicas", flags: [], args: [0, 0], run: list },
  {
    name: "member add",
    usage: "[NAME]",
    help: "add a replica, and say how to start it",
    flags: [PEER_URLS, booleanFlag("learner", "It learns first, and does not vote.")],
    args: [0, 1],
    run: add,
  },
  {
    name: "member remove",
    usage: "ID",
    help: "take a replica out, for good",
    flags: [],
    args: [1, 1],
    run: remove,
  },
  {
    name: "member update",
    usage: "ID",
    help: "change where a replica's peers reach it",
    flags: [PEER_URLS],
    args: [1, 1],
    run: update,
  },
  {
    name: "member promote",
    usage: "ID",
    help: "let a learner vote",
    flags: [],
    args: [1, 1],
    run: promote,
  },
];
