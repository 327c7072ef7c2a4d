import { assert, assertEquals } from "@std/assert";
import { Session, SessionLostError } from "../../../src/client/mod.ts";
import { withClient } from "./recipe_bench.ts";

Deno.test("Session keeps its lease alive, and ends it", () =>
  withClient(async ({ client, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await client.put("k", "1", { lease: session.lease });
    await pass(30_000);
    assertEquals(session.lost.aborted, false);
    const { remainingSeconds } = await client.leases.state(session.lease);
    assert(remainingSeconds >= 4, `${remainingSeconds} s are left`);
    await session.close();
    assert(session.lost.aborted);
    assertEquals(await client.get("k"), null);
  }));

Deno.test("Session is lost when its lease is gone", () =>
  withClient(async ({ client, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await client.leases.revoke(session.lease);
    await pass(1_900);
    assertEquals(session.lost.aborted, false);
    await pass(200);
    assert(session.lost.reason instanceof SessionLostError);
    await session.close();
  }));

Deno.test("Session is lost when nobody can say that its lease lives", () =>
  withClient(async ({ client, replica, pass }) => {
    const session = await Session.open(client, { ttlSeconds: 6 });
    await pass(2_100);
    replica.renewLease = () => new Promise(() => {});
    // It was renewed at 2 s, so it may have ended at 8 s.
    await pass(5_800);
    assertEquals(session.lost.aborted, false);
    await pass(200);
    assert(session.lost.aborted);
  }));

Deno.test("Session.close() is content with a lease that somebody else has ended", () =>
  withClient(async ({ client }) => {
    const session = await Session.open(client);
    await client.leases.revoke(session.lease);
    await session.close();
    assert(session.lost.aborted);
  }));
