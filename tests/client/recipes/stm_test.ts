import { assertEquals, assertRejects } from "@std/assert";
import { type Isolation, KvorumError, transact } from "../../../src/client/mod.ts";
import { testOnBoth, turn, withClient } from "./recipe_bench.ts";

const LEVELS: readonly Isolation[] = [
  "serializable-snapshot",
  "serializable",
  "repeatable-reads",
  "read-committed",
];

testOnBoth("transact() keeps the sum while everybody moves money", async ({ client }) => {
  const accounts = ["a", "b", "c", "d"];
  const expected = [100, 100, 100, 100];
  for (const account of accounts) await client.put(account, "100");
  for (const isolation of LEVELS.slice(0, 3)) {
    await Promise.all(Array.from({ length: 8 }, async (_, i) => {
      for (let round = 1; round < 5; round++) {
        const from = i % 4;
        const to = (i + round) % 4;
        const amount = i * round;
        const keys = [accounts[from], accounts[to]];
        await transact(client, async (memory) => {
          const [source] = await Promise.all(keys.map((key) => memory.get(key)));
          memory.put(keys[0], String(Number(source?.text()) - amount));
          // With its own write in it, when both are the same account.
          const target = await memory.get(keys[1]);
          memory.put(keys[1], String(Number(target?.text()) + amount));
        }, { isolation, prefetch: round % 2 === 0 ? keys : [] });
        expected[from] -= amount;
        expected[to] += amount;
      }
    }));
    const { kvs } = await client.range({ from: "a", to: "e" });
    assertEquals(kvs.map((kv) => Number(kv.text())), expected, isolation);
  }
  assertEquals(expected.reduce((sum, balance) => sum + balance), 400);
});

/** Where two transactions leave both sides off duty though each saw that the other one was on. */
testOnBoth("transact() prevents write skew, except where it yields to nobody", async (bench) => {
  const { client } = bench;
  const skewed: Isolation[] = [];
  for (const isolation of LEVELS) {
    await client.put("ann", "on");
    await client.put("bob", "on");
    await transact(client, async (memory) => {
      const isOn = (await memory.get("bob"))?.text() === "on" &&
        (await memory.get("ann"))?.text() === "on";
      if (!isOn) return;
      // In the meantime the other one does the same and is done first.
      const other = await transact(client, async (theirs) => {
        if ((await theirs.get("ann"))?.text() === "on") theirs.put("bob", "off");
      }, { isolation });
      assertEquals(other.attempts, 1);
      memory.put("ann", "off");
    }, { isolation });
    const both = await Promise.all(["ann", "bob"].map((key) => client.get(key)));
    if (both.every((kv) => kv?.text() === "off")) skewed.push(isolation);
  }
  assertEquals(skewed, ["read-committed"]);
});

testOnBoth("transact() reads as of one revision at the serializable levels", async (bench) => {
  const { client } = bench;
  const torn: Isolation[] = [];
  for (const isolation of LEVELS) {
    await client.put("a", "1");
    await client.put("b", "1");
    const { attempts } = await transact(client, async (memory) => {
      const a = (await memory.get("a"))?.text();
      if (a === "1") {
        await client.put("a", "2");
        await client.put("b", "2");
      }
      if ((await memory.get("b"))?.text() !== a) torn.push(isolation);
      memory.put("c", "");
    }, { isolation });
    assertEquals(attempts, isolation === "read-committed" ? 1 : 2, isolation);
  }
  assertEquals(torn, ["repeatable-reads", "read-committed"]);
});

testOnBoth(
  "transact() yields to who writes what it writes, at the strictest level",
  async (bench) => {
    const { client } = bench;
    for (const isolation of LEVELS) {
      await client.put("read", "");
      const { attempts } = await transact(client, async (memory) => {
        await memory.get("read");
        if (!(await client.get("written"))?.text().includes(isolation)) {
          await client.put("written", isolation);
        }
        memory.put("written", `${isolation} again`);
      }, { isolation });
      assertEquals(attempts, isolation === "serializable-snapshot" ? 2 : 1, isolation);
    }
    // Without a read there is no moment after which others must not have written.
    const blind = await transact(client, async (memory) => {
      await client.put("written", "");
      memory.put("written", "blind");
    });
    assertEquals(blind.attempts, 1);
  },
);

testOnBoth("transact() sees its own writes and nobody else does", async ({ client, sessions }) => {
  const [{ lease }] = await sessions(1);
  await client.put("a", "old");
  const before = await client.put("b", "old");
  const { value, revision, attempts } = await transact(client, async (memory) => {
    memory.put("a", "new", { lease });
    memory.delete("b");
    const [a, b, none] = await Promise.all(["a", "b", "c"].map((key) => memory.get(key)));
    assertEquals([a?.text(), a?.modRevision, a?.lease], ["new", 0, lease]);
    assertEquals([b, none], [null, null]);
    assertEquals((await client.get("a"))?.text(), "old");
    return [await memory.modRevision("b"), await memory.modRevision("c")];
  });
  assertEquals([value, revision, attempts], [[before.revision, 0], before.revision + 1, 1]);
  const a = await client.get("a");
  assertEquals([a?.text(), a?.lease, await client.get("b")], ["new", lease, null]);
});

testOnBoth("transact() writes nothing when its function throws", async ({ client }) => {
  const failing = transact(client, (memory) => {
    memory.put("a", "1");
    throw new RangeError("not enough");
  });
  await assertRejects(() => failing, RangeError, "not enough");
  assertEquals(await client.get("a"), null);
});

testOnBoth("transact() needs one round trip more for what it prefetches", async (bench) => {
  const { client, replica } = bench;
  for (const key of ["a", "b", "c"]) await client.put(key, key);
  const before = replica.linearized;
  const { value } = await transact(client, async (memory) => {
    const read = [];
    for (const key of ["a", "b", "c", "d"]) read.push((await memory.get(key))?.text());
    memory.put("e", "");
    return read;
  }, { prefetch: ["a", "b", "c", "d"] });
  assertEquals(value, ["a", "b", "c", undefined]);
  assertEquals(replica.linearized - before, 1);
});

testOnBoth("transact() begins anew when what it reads was compacted", async ({ client }) => {
  await client.put("a", "1");
  await client.put("b", "1");
  let runs = 0;
  const { attempts, value } = await transact(client, async (memory) => {
    const a = await memory.get("a");
    if (++runs === 1) {
      const { revision } = await client.put("b", "2");
      await client.compact(revision);
    }
    return [a?.text(), (await memory.get("b"))?.text()];
  });
  assertEquals([attempts, value], [2, ["1", "2"]]);
});

Deno.test("transact() ends by its deadline when others are always faster", () =>
  withClient(async ({ client, pass }) => {
    const options = { deadlineMs: 1_000 };
    const beaten = assertRejects(
      () =>
        transact(client, async (memory) => {
          await memory.get("a");
          await client.put("a", "faster");
          await turn();
          memory.put("a", "slower");
        }, options),
      KvorumError,
    );
    await pass(1_100);
    assertEquals((await beaten).code, "DEADLINE_EXCEEDED");
    assertEquals((await client.get("a"))?.text(), "faster");
  }));

Deno.test("transact() says what it has done though its signal aborts meanwhile", () =>
  withClient(async ({ client, replica }) => {
    const { propose } = replica;
    const sent = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    replica.propose = async (...args) => {
      sent.resolve();
      await held.promise;
      return await propose.apply(replica, args);
    };
    const controller = new AbortController();
    const done = transact(client, (memory) => memory.put("a", "1"), { signal: controller.signal });
    await sent.promise;
    controller.abort(new Error("enough"));
    await turn();
    held.resolve();
    assertEquals((await done).revision, 2);
    const { signal } = controller;
    await assertRejects(() => transact(client, () => {}, { signal }), Error, "enough");
  }));

Deno.test("transact() tells of more keys than a transaction takes", () =>
  withClient(async ({ client }) => {
    const many = transact(client, (memory) => {
      for (let i = 0; i < 129; i++) memory.put(`${i}`, "");
    });
    await assertRejects(() => many, KvorumError, "etcdserver: too many operations in txn request");
  }));
