import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { KvorumError, ReadLock, SessionLostError, WriteLock } from "../../../src/client/mod.ts";
import { countBelow, testOnBoth, turn, until, watched, withClient } from "./recipe_bench.ts";

testOnBoth("ReadLock is shared, WriteLock is not, and nobody overtakes", async (bench) => {
  const { client, sessions } = bench;
  const [one, two, three, four] = await sessions(4);
  const come = async (count: number) => {
    await until(async () => await countBelow(client, "rw/") === count);
  };
  const reader = await ReadLock.acquire(one, "rw");
  const second = await ReadLock.acquire(two, "rw");
  assertMatch(reader.key, /^rw\/read\/\d+$/);
  const writing = WriteLock.acquire(three, "rw");
  await come(3);
  const late = ReadLock.acquire(four, "rw");
  await come(4);
  const isLateHere = watched(late);
  const isWriterHere = watched(writing);
  await reader.release();
  await come(3);
  await turn();
  assertEquals([isWriterHere.isSettled, isLateHere.isSettled], [false, false]);
  await second.release();
  const writer = await writing;
  assertMatch(writer.key, /^rw\/write\/\d+$/);
  assertEquals(isLateHere.isSettled, false);
  await writer.release();
  const third = await late;
  assert(second.token < writer.token && writer.token < third.token);
});

testOnBoth("WriteLock excludes readers and writers in a crowd", async ({ sessions }) => {
  let readers = 0;
  let writers = 0;
  await Promise.all((await sessions(9)).map(async (session, i) => {
    for (let round = 0; round < 3; round++) {
      if ((i + round) % 3 === 0) {
        await using _lock = await WriteLock.acquire(session, "rw");
        assertEquals([++writers, readers], [1, 0]);
        await turn();
        writers--;
      } else {
        await using _lock = await ReadLock.acquire(session, "rw");
        readers++;
        assertEquals(writers, 0);
        await turn();
        readers--;
      }
    }
  }));
});

testOnBoth("ReadLock and WriteLock can be tried", async ({ client, sessions }) => {
  const [one, two] = await sessions(2);
  const reader = await ReadLock.tryAcquire(one, "rw");
  // Unlike a plain lock, a session may hold it for reading more than once.
  const second = await ReadLock.tryAcquire(one, "rw");
  assert(reader !== null && second !== null && reader.key !== second.key);
  assertEquals(await WriteLock.tryAcquire(two, "rw"), null);
  await reader.release();
  assertEquals(await WriteLock.tryAcquire(two, "rw"), null);
  await second.release();
  const writer = await WriteLock.tryAcquire(two, "rw");
  assert(writer !== null);
  assertEquals(await ReadLock.tryAcquire(one, "rw"), null);
  assertEquals(await countBelow(client, "rw/"), 1);
});

testOnBoth("WriteLock passes on when its session is lost", async ({ client, sessions }) => {
  const [one, two, three] = await sessions(3);
  const writer = await WriteLock.acquire(one, "rw");
  const lost = assertRejects(() => WriteLock.acquire(two, "rw"), SessionLostError);
  await until(async () => await countBelow(client, "rw/") === 2);
  const reading = ReadLock.acquire(three, "rw");
  await until(async () => await countBelow(client, "rw/") === 3);
  await client.leases.revoke(two.lease);
  await client.leases.revoke(one.lease);
  assert((await reading).token > writer.token);
  await lost;
});

Deno.test("ReadLock.acquire() gives up by its deadline, and leaves nothing behind", () =>
  withClient(async ({ client, sessions, pass }) => {
    const [session] = await sessions(1);
    // As etcd's recipe names its keys, by nanoseconds.
    await client.put("rw/write/1732272000123456789", "");
    const waiting = assertRejects(
      () => ReadLock.acquire(session, "rw", { deadlineMs: 3_000 }),
      KvorumError,
      "not within 3000 ms",
    );
    await pass(3_100);
    await waiting;
    assertEquals(await countBelow(client, "rw/"), 1);
    await client.delete("rw/write/1732272000123456789");
    await (await ReadLock.acquire(session, "rw")).release();
  }));
