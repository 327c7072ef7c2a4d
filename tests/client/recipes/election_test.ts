import { assert, assertEquals, assertRejects } from "@std/assert";
import { leaderOf, Leadership, observeLeader, SessionLostError } from "../../../src/client/mod.ts";
import { countBelow, testOnBoth, until } from "./recipe_bench.ts";

testOnBoth("Leadership passes on, and observers see it", async ({ client, sessions }) => {
  const [one, two] = await sessions(2);
  const seen: string[] = [];
  const controller = new AbortController();
  const observing = (async () => {
    const { signal } = controller;
    for await (const leader of observeLeader(client, "e", { signal })) {
      seen.push(leader?.text() ?? "nobody");
    }
  })();
  const untilSeen = (count: number) => until(() => seen.length >= count);
  await untilSeen(1);
  const first = await Leadership.campaign(one, "e", "one");
  await untilSeen(2);
  const second = Leadership.campaign(two, "e", "two");
  await first.proclaim("one again");
  await untilSeen(3);
  assertEquals((await leaderOf(client, "e"))?.text(), "one again");
  await first.resign();
  const leadership = await second;
  await untilSeen(4);
  assert(leadership.token > first.token);
  await assertRejects(() => first.proclaim("late"), Error, "election: not leader");
  await two.close();
  await untilSeen(5);
  assertEquals(seen, ["nobody", "one", "one again", "two", "nobody"]);
  assertEquals(await leaderOf(client, "e"), null);
  controller.abort(new Error("enough"));
  await assertRejects(() => observing, Error, "enough");
});

testOnBoth("Leadership.campaign() gives a candidate's place its new value", async (bench) => {
  const { client, sessions } = bench;
  const [session] = await sessions(1);
  const first = await Leadership.campaign(session, "e", Uint8Array.of(1, 255));
  assertEquals((await leaderOf(client, "e"))?.value, Uint8Array.of(1, 255));
  const second = await Leadership.campaign(session, "e", "again");
  assertEquals([second.key, second.token], [first.key, first.token]);
  const leader = await leaderOf(client, "e");
  assertEquals([leader?.text(), leader?.version, leader?.lease], ["again", 2, session.lease]);
  await Leadership.campaign(session, "e", "again");
  assertEquals((await leaderOf(client, "e"))?.version, 2);
});

testOnBoth("Leadership.campaign() ends with its session", async ({ client, sessions }) => {
  const [one, two] = await sessions(2);
  const first = await Leadership.campaign(one, "e", "one");
  const second = assertRejects(() => Leadership.campaign(two, "e", "two"), SessionLostError);
  await until(async () => await countBelow(client, "e/") === 2);
  await two.close();
  await second;
  assertEquals(first.lost.aborted, false);
  assertEquals(await countBelow(client, "e/"), 1);
});
