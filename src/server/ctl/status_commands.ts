import {
  alarms,
  defragment,
  disarm,
  KvorumError,
  memberList,
  moveLeader,
  type Status,
  status,
} from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { booleanFlag, type Command } from "./command.ts";
import { parseId } from "./command_line.ts";
import { explain } from "./explain.ts";
import type { Invocation } from "./invocation.ts";
import { formatId, type Json } from "./json_value.ts";
import { type Cell, formatBytes } from "./style.ts";

/** How one endpoint is, or why it cannot be said. */
interface Report {
  readonly endpoint: string;
  readonly status: Status | null;
  readonly problem: string;
}

const CLUSTER = booleanFlag("cluster", "All members' client URLs, instead of the endpoints.");

async function showStatus(invocation: Invocation): Promise<number> {
  const reports = await reportAll(invocation, await targetsOf(invocation));
  if (invocation.isJson) invocation.sayJson(reports.map(reportToJson));
  else {
    invocation.sayTable(
      ["ENDPOINT", "ID", "ROLE", "VERSION", "SIZE", "TERM", "REVISION", "APPLIED", "PROBLEMS"],
      reports.map(rowOf),
    );
  }
  return reports.every(({ status }) => status !== null) ? 0 : 1;
}

function rowOf({ endpoint, status, problem }: Report): Cell[] {
  if (status === null) {
    return [endpoint, "", "", "", "", "", "", "", { text: problem, style: "red" }];
  }
  const { memberId, isLeader, isLearner, errors } = status;
  const role: Cell = isLeader
    ? { text: "leader", style: "green" }
    : isLearner
    ? "learner"
    : "follower";
  return [
    endpoint,
    formatId(memberId),
    role,
    status.version,
    formatBytes(status.dbBytes),
    String(status.raftTerm),
    String(status.revision),
    `${status.raftAppliedIndex}/${status.raftIndex}`,
    { text: errors.join("; "), style: "red" },
  ];
}

function reportToJson({ endpoint, status, problem }: Report): Json {
  if (status === null) return { endpoint, problem };
  const { clusterId, memberId, leader, errors, ...rest } = status;
  return {
    endpoint,
    ...rest,
    clusterId: formatId(clusterId),
    memberId: formatId(memberId),
    leader: formatId(leader),
    errors: [...errors],
  };
}

/** The endpoints that were given, or those of all members. */
async function targetsOf(invocation: Invocation): Promise<readonly string[]> {
  return invocation.flags.boolean("cluster") ? await memberUrls(invocation) : invocation.endpoints;
}

async function memberUrls(invocation: Invocation): Promise<readonly string[]> {
  const members = await memberList(invocation.client(), invocation.wait);
  return members.flatMap(({ clientUrls }) => clientUrls);
}

function reportAll(invocation: Invocation, endpoints: readonly string[]): Promise<Report[]> {
  return Promise.all(endpoints.map(async (endpoint): Promise<Report> => {
    try {
      const found = await status(invocation.client([endpoint]), invocation.wait);
      return { endpoint, status: found, problem: "" };
    } catch (error) {
      if (!(error instanceof KvorumError)) throw error;
      const problem = error.message.replace(/^no answer by the deadline: /, "");
      return { endpoint, status: null, problem };
    }
  }));
}

const NOBODY: Report = { endpoint: "", status: null, problem: "" };

async function leaderAmong(
  invocation: Invocation,
  endpoints: readonly string[],
): Promise<Report | undefined> {
  const reports = await reportAll(invocation, endpoints);
  return reports.find(({ status }) => status?.isLeader);
}

async function move(invocation: Invocation): Promise<number> {
  const to = parseId("member", invocation.args[0]);
  const { endpoint, status } = await leaderAmong(invocation, invocation.endpoints) ??
    await leaderAmong(invocation, await memberUrls(invocation)) ?? NOBODY;
  if (status === null) {
    throw new CommandError("No endpoint leads: add the leader's client URL to --endpoints");
  }
  await moveLeader(invocation.client([endpoint]), to, invocation.wait);
  const from = formatId(status.memberId);
  if (invocation.isJson) invocation.sayJson({ from, to: formatId(to) });
  else invocation.say(`Leadership transferred from ${from} to ${formatId(to)}`);
  return 0;
}

async function listAlarms(invocation: Invocation): Promise<number> {
  return showAlarms(invocation, await alarms(invocation.client(), invocation.wait));
}

async function disarmAlarms(invocation: Invocation): Promise<number> {
  return showAlarms(invocation, await disarm(invocation.client(), undefined, invocation.wait));
}

function showAlarms(
  invocation: Invocation,
  found: Awaited<ReturnType<typeof alarms>>,
): number {
  const rows = found.map(({ memberId, type }) => ({ memberId: formatId(memberId), type }));
  if (invocation.isJson) invocation.sayJson({ alarms: rows });
  else if (rows.length === 0) invocation.say("No alarms");
  else {
    const cells = rows.map((
      { memberId, type },
    ): Cell[] => [memberId, { text: type, style: "red" }]);
    invocation.sayTable(["MEMBER", "ALARM"], cells);
  }
  return 0;
}

async function defrag(invocation: Invocation): Promise<number> {
  const endpoints = await targetsOf(invocation);
  const outcomes: Json[] = [];
  let failed = 0;
  for (const [i, endpoint] of endpoints.entries()) {
    invocation.progress(`Defragmenting ${endpoint} (${i + 1} of ${endpoints.length}) …`);
    let problem = "";
    try {
      await defragment(invocation.client([endpoint]), invocation.wait);
    } catch (error) {
      if (!(error instanceof KvorumError)) throw error;
      problem = explain(error);
      failed++;
    }
    outcomes.push(problem === "" ? { endpoint } : { endpoint, problem });
    if (invocation.isJson) continue;
    if (problem === "") invocation.say(`Finished defragmenting ${endpoint}`);
    else invocation.terminal.complain(`kvorum: Cannot defragment ${endpoint}: ${problem}`);
  }
  if (invocation.isJson) invocation.sayJson(outcomes);
  return failed === 0 ? 0 : 1;
}

/** How replicas are, and what keeps them well. */
export const STATUS_COMMANDS: readonly Command[] = [
  {
    name: "status",
    usage: "",
    help: "show how each endpoint is",
    flags: [CLUSTER],
    args: [0, 0],
    run: showStatus,
  },
  {
    name: "move-leader",
    usage: "ID",
    help: "hand leadership to another replica",
    flags: [],
    args: [1, 1],
    run: move,
  },
  { name: "alarm list", usage: "", help: "show alarms", flags: [], args: [0, 0], run: listAlarms },
  {
    name: "alarm disarm",
    usage: "",
    help: "end all alarms",
    flags: [],
    args: [0, 0],
    run: disarmAlarms,
  },
  {
    name: "defrag",
    usage: "",
    help: "give back what compaction freed, one endpoint after the other",
    flags: [CLUSTER],
    args: [0, 0],
    run: defrag,
  },
];
