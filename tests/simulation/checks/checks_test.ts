/** Each promise broken by hand, and each check seeing it: a check that cannot fail shows nothing. */
import { assertEquals } from "@std/assert";
import { configurationOf } from "../../../src/raft/configuration.ts";
import { type Entry, EntryKind } from "../../../src/raft/entry.ts";
import type { PeerMessage } from "../../../src/transport/peer_message.ts";
import { History } from "../clients/history.ts";
import { NO_OVERRIDES, optionsOf } from "../overrides.ts";
import { SimCluster } from "../sim_cluster.ts";
import { simulate } from "../simulation.ts";
import { Verdict } from "../verdict.ts";
import { World } from "../world.ts";
import { Commitment } from "./commitment.ts";

/** A cluster that has not begun to run, and the rule that is broken by what is done to it. */
function ruleBrokenBy(harm: (cluster: SimCluster) => void): string | undefined {
  const world = new World(1);
  const verdict = new Verdict(world, false);
  const options = { ...optionsOf(1, NO_OVERRIDES), replicaCount: 3, clockDrift: 0 };
  harm(new SimCluster(world, options, verdict));
  return verdict.violation?.rule;
}

function entry(index: number, term: number, byte = 0): Entry {
  return { index, term, kind: EntryKind.Empty, data: new Uint8Array([byte]) };
}

function batch(...entries: Entry[]) {
  return { hardState: null, entries };
}

Deno.test("Elections sees two leaders in a term, and two votes", () => {
  const lead = (...ids: bigint[]) =>
    ruleBrokenBy(({ elections, nodes, chosen }) => {
      nodes[0].log.saved({ index: 1, term: 0 });
      for (const id of ids) elections.elected(id, 5, nodes[0].log, chosen);
    });
  assertEquals(lead(1n, 1n), undefined);
  assertEquals(lead(1n, 2n), "election safety");
  const vote = { type: "voteAnswer", from: 1n, term: 2, granted: true, preVote: false, commit: 1 };
  const rule = ruleBrokenBy(({ elections, nodes: [{ log }] }) => {
    log.appended({ hardState: { term: 2, vote: 2n, commit: 1 }, entries: [] });
    elections.sent({ ...vote, to: 2n } as PeerMessage, log);
    elections.sent({ ...vote, to: 3n } as PeerMessage, log);
  });
  assertEquals(rule, "one vote");
  const early = ruleBrokenBy(({ elections, nodes: [{ log }] }) =>
    elections.sent({ ...vote, to: 2n } as PeerMessage, log)
  );
  assertEquals(early, "durable before said");
});

Deno.test("Elections sees a leader without a committed entry", () => {
  const elect = (which: number) =>
    ruleBrokenBy(({ elections, chosen, nodes }) => {
      for (const { log } of nodes) log.saved({ index: 1, term: 0 });
      nodes[0].log.appended(batch(entry(2, 1)));
      chosen.reached("n1", 2, 1, 1);
      elections.elected(nodes[which].id, 2, nodes[which].log, chosen);
    });
  assertEquals(elect(0), undefined);
  assertEquals(elect(1), "leader completeness");
});

Deno.test("LogTree sees logs that differ in an entry, or before it", () => {
  const add = (first: [Entry, number], second: [Entry, number]) =>
    ruleBrokenBy(({ tree }) => {
      tree.add("n1", ...first);
      tree.add("n2", ...second);
    });
  assertEquals(add([entry(3, 2), 1], [entry(3, 2), 1]), undefined);
  assertEquals(add([entry(3, 2), 1], [entry(3, 2, 7), 1]), "log matching");
  assertEquals(add([entry(3, 2), 1], [entry(3, 2), 2]), "log matching");
});

Deno.test("Chosen sees two entries applied at one index", () => {
  const apply = (term: number) =>
    ruleBrokenBy(({ tree, chosen }) => {
      tree.add("n1", entry(2, 1), 0);
      tree.add("n2", entry(2, 2), 0);
      chosen.reached("n1", 2, 1, 2);
      chosen.reached("n2", 2, term, 2);
    });
  assertEquals(apply(1), undefined);
  assertEquals(apply(2), "state machine safety");
});

Deno.test("DurableLog sees a storage that has lost what it acknowledged", () => {
  const recover = (count: number) =>
    ruleBrokenBy(({ nodes: [{ log }] }) => {
      const entries = [entry(1, 1), entry(2, 1)];
      log.appended(batch(...entries));
      const hardState = { term: 0, vote: 0n, commit: 0 };
      const kept = { hardState, snapshot: null, entries: entries.slice(0, count) };
      log.recovered({ ...kept, epoch: 2, identity: null, notes: [] });
    });
  assertEquals(recover(2), undefined);
  assertEquals(recover(1), "durability");
});

Deno.test("Commitment sees a commit that no quorum holds, or one of an old term by counting", () => {
  const commit = (term: number, holders: number) =>
    ruleBrokenBy(({ nodes, verdict }) => {
      const configuration = configurationOf([1n, 2n, 3n]);
      let commitIndex = 1;
      const commitment = new Commitment({
        statusOf: () => ({ commitIndex, configuration }),
        logOf: (id) => nodes.find((node) => node.id === id)?.log,
        appliedIndex: () => 1,
      }, verdict);
      for (const { log } of nodes) log.appended(batch(entry(1, 1), entry(2, 1)));
      for (const { log } of nodes.slice(0, holders)) log.appended(batch(entry(3, 1)));
      const message = { type: "heartbeat", from: 1n, to: 2n, term, commit: 0, readContext: 0 };
      for (commitIndex = 2; commitIndex <= 3; commitIndex++) {
        commitment.sent(message as PeerMessage);
      }
    });
  assertEquals(commit(1, 2), undefined);
  assertEquals(commit(1, 1), "commitment");
  assertEquals(commit(2, 2), "commitment");
});

Deno.test("Oracle sees replicas that differ", () => {
  const hash = (hash: number) =>
    ruleBrokenBy(({ oracle }) => {
      oracle.checkHash("n1", 64, 1);
      oracle.checkHash("n2", 64, hash);
    });
  assertEquals(hash(1), undefined);
  assertEquals(hash(2), "equal state");
});

Deno.test("History sees lost writes, and revisions that go back", () => {
  const values = new Map([["k0", "a"]]);
  const write = ruleBrokenBy((cluster) => {
    const history = new History(cluster);
    history.wrote(history.begin("k0", { type: "write", value: "a" }), 2, values);
  });
  assertEquals(write, "lost write");
  const back = ruleBrokenBy((cluster) => {
    const history = new History(cluster);
    history.read(0, 1, new Map());
    history.wrote(history.begin("k0", { type: "write", value: "a" }), 1, new Map());
  });
  assertEquals(back, "write order");
  assertEquals(
    ruleBrokenBy((cluster) => new History(cluster).read(2, 1, new Map())),
    "stale read",
  );
  assertEquals(
    ruleBrokenBy((cluster) => new History(cluster).read(0, 1, values)),
    "wrong value",
  );
});

Deno.test("Leases sees a lease that ends early, and one that lives but is denied", () => {
  const end = (afterMs: number) =>
    ruleBrokenBy(({ leases, world }) => {
      leases.granted(7n, 2);
      leases.promised(7n, 0);
      world.nowMs = afterMs;
      leases.revoked(7n, true);
    });
  assertEquals(end(2_000), undefined);
  assertEquals(end(1_900), "leases");
  const denied = ruleBrokenBy(({ leases }) => {
    leases.granted(7n, 2);
    leases.denied(7n);
  });
  assertEquals(denied, "leases");
});

Deno.test("simulate() sees a cluster that does not come to rest", async () => {
  const options = optionsOf(1, NO_OVERRIDES);
  const network = { ...options.network, lossRate: 1 };
  const dead = { ...options, replicaCount: 3, network, faults: {}, stormMs: 1_000, calmMs: 5_000 };
  assertEquals((await simulate(dead)).violation?.rule, "liveness");
});
