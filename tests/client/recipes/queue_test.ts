import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { KvorumError, PriorityQueue, Queue } from "../../../src/client/mod.ts";
import { countBelow, testOnBoth, turn, until, watched, withClient } from "./recipe_bench.ts";

testOnBoth("Queue gives items in the order in which they came", async ({ client }) => {
  const queue = new Queue(client, "q");
  for (const text of ["a", "b", "c"]) await queue.enqueue(text);
  // A queue whose name begins alike, and a key as etcd's recipe names it.
  await new Queue(client, "q2").enqueue("stranger");
  await client.put("q/1732272000123456789", "etcd's");
  const texts: string[] = [];
  for await (const item of queue.items()) {
    texts.push(item.text());
    if (texts.length === 4) break;
  }
  assertEquals(texts, ["a", "b", "c", "etcd's"]);
  assertEquals(await queue.tryDequeue(), null);
  assertEquals(await countBelow(client, "q"), 1);
});

testOnBoth("Queue gives each item to one consumer", async ({ client }) => {
  const queue = new Queue(client, "q");
  const taken: string[] = [];
  const controller = new AbortController();
  const consumers = Array.from({ length: 5 }, async () => {
    for await (const item of queue.items({ signal: controller.signal })) taken.push(item.text());
  });
  const items = Array.from({ length: 60 }, (_, i) => `${i}`);
  await Promise.all([0, 1, 2].map(async (producer) => {
    for (let i = producer; i < items.length; i += 3) await queue.enqueue(items[i]);
  }));
  await until(() => taken.length >= items.length);
  const ended = consumers.map((consumer) => assertRejects(() => consumer, Error, "enough"));
  controller.abort(new Error("enough"));
  await Promise.all(ended);
  assertEquals(taken.toSorted(), items.toSorted());
  assertEquals(await countBelow(client, "q/"), 0);
});

testOnBoth("Queue.dequeue() waits for an item", async ({ client }) => {
  const queue = new Queue(client, "q");
  const first = queue.dequeue();
  const state = watched(first);
  await client.put("q", "no item");
  await turn();
  assertEquals(state.isSettled, false);
  await queue.enqueue(Uint8Array.of(0, 255));
  assertEquals((await first).value, Uint8Array.of(0, 255));
});

Deno.test("Queue.dequeue() returns what it has taken though its signal aborts", () =>
  withClient(async ({ client, replica }) => {
    const queue = new Queue(client, "q");
    await queue.enqueue("only");
    const { propose } = replica;
    const claimed = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    replica.propose = async (...args) => {
      const result = await propose.apply(replica, args);
      claimed.resolve();
      await held.promise;
      return result;
    };
    const controller = new AbortController();
    const item = queue.dequeue({ signal: controller.signal });
    await claimed.promise;
    controller.abort(new Error("enough"));
    held.resolve();
    assertEquals((await item).text(), "only");
  }));

Deno.test("Queue.dequeue() gives up by its deadline", () =>
  withClient(async ({ client, pass }) => {
    const waiting = assertRejects(
      () => new Queue(client, "q").dequeue({ deadlineMs: 500 }),
      KvorumError,
    );
    await pass(600);
    assertEquals((await waiting).code, "DEADLINE_EXCEEDED");
  }));

testOnBoth("PriorityQueue lets urgent items overtake", async ({ client }) => {
  const queue = new PriorityQueue(client, "q");
  await queue.enqueue("later", 65_535);
  await queue.enqueue("soon", 7);
  await queue.enqueue("soon, too", 7);
  await queue.enqueue("now", 0);
  const keys = (await client.range({ prefix: "q/" }, { keysOnly: true })).kvs;
  assertEquals(keys.map(({ name }) => name), [
    "q/00000/0000000000000000",
    "q/00007/0000000000000000",
    "q/00007/0000000000000001",
    "q/65535/0000000000000000",
  ]);
  const texts = [];
  for (let i = 0; i < 4; i++) texts.push((await queue.dequeue()).text());
  assertEquals(texts, ["now", "soon", "soon, too", "later"]);
  assertEquals(await queue.tryDequeue(), null);
});

testOnBoth("PriorityQueue gives each item to one consumer", async ({ client }) => {
  const queue = new PriorityQueue(client, "q");
  const items = Array.from({ length: 30 }, (_, i) => `${i}`);
  await Promise.all(items.map((item, i) => queue.enqueue(item, i % 3)));
  const taken: string[] = [];
  await Promise.all([1, 2, 3, 4].map(async () => {
    for (;;) {
      const item = await queue.tryDequeue();
      if (item === null) return;
      taken.push(item.text());
    }
  }));
  assertEquals(taken.toSorted(), items.toSorted());
});

Deno.test("PriorityQueue.enqueue() refuses what it cannot place", () =>
  withClient(async ({ client }) => {
    const queue = new PriorityQueue(client, "q");
    for (const priority of [-1, 0.5, 65_536, NaN]) {
      await assertRejects(() => queue.enqueue("x", priority), RangeError, "from 0 to 65535");
    }
    await client.put("q/00001/stranger", "");
    const error = await assertRejects(() => queue.enqueue("x", 1), KvorumError);
    assertEquals(error.code, "FAILED_PRECONDITION");
  }));

Deno.test("PriorityQueue and Queue agree with a list that is sorted", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.integer({ min: 0, max: 3 }), { freq: 3 }), { maxLength: 12 }),
      (steps) =>
        withClient(async ({ client }) => {
          const queues = [new PriorityQueue(client, "p"), new Queue(client, "q")] as const;
          let expected: { readonly priority: number; readonly item: string }[] = [];
          for (const [i, priority] of steps.entries()) {
            if (priority !== null) {
              await queues[0].enqueue(`${i}`, priority);
              await queues[1].enqueue(`${i}`);
              expected.push({ priority, item: `${i}` });
            } else {
              const first = expected.toSorted((a, b) => a.priority - b.priority).at(0);
              assertEquals((await queues[0].tryDequeue())?.text(), first?.item);
              expected = expected.filter((each) => each !== first);
            }
          }
          const items = [];
          for (let item = await queues[1].tryDequeue(); item; item = await queues[1].tryDequeue()) {
            items.push(item.text());
          }
          assertEquals(items, steps.flatMap((step, i) => step === null ? [] : [`${i}`]));
          assert(await queues[1].tryDequeue() === null);
        }),
    ),
    { numRuns: 40, seed: 7 },
  ));
