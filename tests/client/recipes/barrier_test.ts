import { assert, assertEquals, assertRejects } from "@std/assert";
import { Barrier, KvorumError, passBarrier } from "../../../src/client/mod.ts";
import { testOnBoth, turn, watched, withClient } from "./recipe_bench.ts";

testOnBoth("Barrier holds everybody until it is released", async ({ client }) => {
  await passBarrier(client, "gate");
  const barrier = await Barrier.hold(client, "gate");
  assertEquals(barrier.key, "gate");
  const error = await assertRejects(() => Barrier.hold(client, "gate"), KvorumError);
  assertEquals(error.code, "ALREADY_EXISTS");
  const passing = [1, 2, 3].map(() => passBarrier(client, "gate"));
  const states = passing.map(watched);
  await turn();
  await client.put("gate", "written by somebody else");
  await client.get("gate");
  assertEquals(states.map(({ isSettled }) => isSettled), [false, false, false]);
  await barrier.release();
  await Promise.all(passing);
});

testOnBoth("Barrier.release() leaves the next one's barrier alone", async ({ client }) => {
  const first = await Barrier.hold(client, "gate");
  await client.delete("gate");
  await using _second = await Barrier.hold(client, "gate");
  await first.release();
  assert(await client.get("gate") !== null);
});

testOnBoth("Barrier ends with a session where that is wanted", async ({ client, sessions }) => {
  const [session] = await sessions(1);
  const { lease } = session;
  await Barrier.hold(client, "gate", { lease });
  const passing = passBarrier(client, "gate");
  await turn();
  await session.close();
  await passing;
});

Deno.test("passBarrier() gives up by its deadline and by its signal", () =>
  withClient(async ({ client, pass }) => {
    await using _barrier = await Barrier.hold(client, "gate");
    const late = assertRejects(() => passBarrier(client, "gate", { deadlineMs: 500 }), KvorumError);
    const controller = new AbortController();
    const { signal } = controller;
    const given = assertRejects(() => passBarrier(client, "gate", { signal }), Error, "enough");
    await pass(600);
    assertEquals((await late).code, "DEADLINE_EXCEEDED");
    controller.abort(new Error("enough"));
    await given;
  }));
