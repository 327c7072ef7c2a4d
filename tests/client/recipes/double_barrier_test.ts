import { assert, assertEquals, assertRejects } from "@std/assert";
import { DoubleBarrier, KvorumError, SessionLostError } from "../../../src/client/mod.ts";
import { countBelow, testOnBoth, turn, until, watched } from "./recipe_bench.ts";

testOnBoth("DoubleBarrier lets all in together and out together", async (bench) => {
  const { client, sessions } = bench;
  let inside = 0;
  const all = await sessions(4);
  for (let round = 0; round < 3; round++) {
    await Promise.all(all.map(async (session, i) => {
      for (let turns = 0; turns < i; turns++) await turn();
      const barrier = await DoubleBarrier.enter(session, "step", 4);
      assertEquals(await countBelow(client, "step/waiters/"), 4);
      inside++;
      for (let turns = 3; turns > i; turns--) await turn();
      await until(() => inside === 4);
      await barrier.leave();
    }));
    assertEquals(await countBelow(client, "step/"), 0);
    inside = 0;
  }
});

testOnBoth("DoubleBarrier keeps everybody until the last one leaves", async (bench) => {
  const [one, two, three] = await bench.sessions(3);
  const entering = [one, two].map((session) => DoubleBarrier.enter(session, "step", 3));
  const states = entering.map(watched);
  await until(async () => await countBelow(bench.client, "step/waiters/") === 2);
  assertEquals(states.map(({ isSettled }) => isSettled), [false, false]);
  const last = await DoubleBarrier.enter(three, "step", 3);
  const [first, second] = await Promise.all(entering);
  const leaving = [first.leave(), second.leave()];
  const left = leaving.map(watched);
  await until(async () => await countBelow(bench.client, "step/waiters/") === 2);
  assertEquals(left.map(({ isSettled }) => isSettled), [false, false]);
  await last.leave();
  await Promise.all(leaving);
  assertEquals(await countBelow(bench.client, "step/"), 0);
});

testOnBoth("DoubleBarrier refuses one too many", async ({ client, sessions }) => {
  const [one, two, three] = await sessions(3);
  const inside = await Promise.all([
    DoubleBarrier.enter(one, "step", 2),
    DoubleBarrier.enter(two, "step", 2),
  ]);
  const error = await assertRejects(() => DoubleBarrier.enter(three, "step", 2), KvorumError);
  assertEquals(error.code, "FAILED_PRECONDITION");
  assertEquals(await countBelow(client, "step/waiters/"), 2);
  await Promise.all(inside.map((barrier) => barrier.leave()));
});

testOnBoth("DoubleBarrier does not wait for the dead", async ({ client, sessions }) => {
  const [one, two, three, four] = await sessions(4);
  const dies = assertRejects(() => DoubleBarrier.enter(one, "step", 3), SessionLostError);
  await until(async () => await countBelow(client, "step/waiters/") === 1);
  await client.leases.revoke(one.lease);
  const entering = [two, three, four].map((session) => DoubleBarrier.enter(session, "step", 3));
  const [first, second] = await Promise.all(entering);
  // Whoever waits to enter learns of its own end when the barrier opens, at the latest.
  await dies;
  const leaving = [first.leave(), second.leave()];
  await client.leases.revoke(four.lease);
  await Promise.all(leaving);
  assertEquals(await countBelow(client, "step/"), 0);
});

testOnBoth("DoubleBarrier does not take the next round for its own", async (bench) => {
  const { client, sessions } = bench;
  const [one, two, three] = await sessions(3);
  const [first, second] = await Promise.all([
    DoubleBarrier.enter(one, "step", 2),
    DoubleBarrier.enter(two, "step", 2),
  ]);
  const leaving = second.leave();
  await until(async () => await countBelow(client, "step/waiters/") === 1);
  await first.leave();
  const next = DoubleBarrier.enter(three, "step", 2);
  await until(async () => await countBelow(client, "step/waiters/") === 1);
  await leaving;
  // Who has left may leave again: that changes nothing for the next round.
  await first.leave();
  const partner = await DoubleBarrier.enter(one, "step", 2);
  await Promise.all([(await next).leave(), partner.leave()]);
});

testOnBoth("DoubleBarrier.leave() is done though nobody else leaves", async (bench) => {
  const { client, sessions } = bench;
  const [one, two] = await sessions(2);
  const [first, second] = await Promise.all([
    DoubleBarrier.enter(one, "step", 2),
    DoubleBarrier.enter(two, "step", 2),
  ]);
  const controller = new AbortController();
  const leaving = first.leave({ signal: controller.signal });
  assert(await client.get(first.key) !== null, "the first to enter leaves last");
  controller.abort(new Error("enough"));
  await assertRejects(() => leaving, Error, "enough");
  assertEquals(await client.get(first.key), null);
  await second.leave();
});
