/** What a client must do the same over every transport: results, errors, retries and watches. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CompactedError,
  compare,
  type KvorumClient,
  KvorumError,
  op,
  OutcomeUnknownError,
  type Watch,
  type WatchBatch,
} from "../../src/client/mod.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { LocalReplica } from "../api/local_replica.ts";

/** A client on its way to a replica. */
export interface Connected extends AsyncDisposable {
  readonly client: KvorumClient;
  readonly replica: LocalReplica;
}

/** Runs the suite. `connected` makes a new client and a new replica for each test. */
export function transportSuite(
  name: string,
  connected: (replica: LocalReplica) => Promise<Connected>,
): void {
  function test(what: string, run: (connected: Connected) => Promise<void>): void {
    Deno.test(`${name} ${what}`, async () => {
      await using together = await connected(new LocalReplica());
      await run(together);
    });
  }

  test("puts, gets and deletes", async ({ client }) => {
    assertEquals(await client.get("a"), null);
    assertEquals(await client.put("a", "1"), { revision: 2, previous: null });
    const again = await client.put("a", Uint8Array.of(0, 255), { previous: true });
    assertEquals([again.revision, again.previous?.text()], [3, "1"]);
    const kv = await client.get("a");
    assertEquals(
      [kv?.name, kv?.value, kv?.createRevision, kv?.modRevision, kv?.version, kv?.lease],
      ["a", Uint8Array.of(0, 255), 2, 3, 2, 0n],
    );
    assertEquals((await client.get("a", { revision: 2 }))?.text(), "1");
    const gone = await client.delete("a", { previous: true });
    assertEquals([gone.revision, gone.deleted, gone.previous[0].version], [4, 1, 2]);
    assertEquals(await client.delete("a"), { revision: 4, deleted: 0, previous: [] });
  });

  test("reads ranges in every form", async ({ client }) => {
    for (const key of ["a", "b/1", "b/2", "b/3", "c"]) await client.put(key, `${key}!`);
    const names = async (...args: Parameters<typeof client.range>) =>
      (await client.range(...args)).kvs.map(({ name }) => name);
    assertEquals(await names("b/2"), ["b/2"]);
    assertEquals(await names({ prefix: "b/" }), ["b/1", "b/2", "b/3"]);
    assertEquals(await names({ from: "b/2" }), ["b/2", "b/3", "c"]);
    assertEquals(await names({ from: "", to: "b/2" }), ["a", "b/1"]);
    assertEquals(await names({ prefix: "" }), ["a", "b/1", "b/2", "b/3", "c"]);
    assertEquals(await names({ all: true }, { sortBy: "create", descending: true, limit: 2 }), [
      "c",
      "b/3",
    ]);
    assertEquals(await names({ all: true }, { minModRevision: 3, maxModRevision: 4 }), [
      "b/1",
      "b/2",
    ]);
    const { count, more, revision, kvs } = await client.range({ prefix: "b/" }, {
      limit: 1,
      keysOnly: true,
    });
    assertEquals([count, more, revision, kvs[0].value.length], [3, true, 6, 0]);
    assertEquals((await client.range({ all: true }, { countOnly: true })).count, 5);
  });

  test("pages through a range as of one revision", async ({ client }) => {
    for (let i = 0; i < 7; i++) await client.put(`k${i}`, `${i}`);
    const seen: string[] = [];
    for await (const kv of client.entries({ prefix: "k" }, { pageSize: 3 })) {
      if (seen.length === 1) await client.put("k9", "late");
      seen.push(kv.text());
    }
    assertEquals(seen, ["0", "1", "2", "3", "4", "5", "6"]);
    const first: string[] = [];
    for await (const kv of client.entries({ prefix: "k" }, { pageSize: 2, limit: 5 })) {
      first.push(kv.name);
    }
    assertEquals(first, ["k0", "k1", "k2", "k3", "k4"]);
  });

  test("runs transactions with typed answers", async ({ client }) => {
    const claim = client.txn()
      .when(compare.missing("lock"))
      .do(op.put("lock", "me"), op.get("lock"))
      .otherwise(op.get("lock"), op.range({ all: true }), op.delete("nothing"));
    const first = await claim.commit();
    assert(first.succeeded);
    assertEquals([first.results[0].revision, first.results[1]?.text()], [2, "me"]);
    const second = await claim.commit();
    assert(!second.succeeded);
    const [holder, all, deleted] = second.results;
    assertEquals([holder?.text(), all.count, deleted.deleted], ["me", 1, 0]);
    const rows = [
      compare.exists("lock"),
      compare.value("lock", "==", "me"),
      compare.version("lock", "<", 2),
      compare.createRevision("lock", "==", 2),
      compare.modRevision("lock", ">", 1),
      compare.lease("lock", "==", 0n),
      compare.value("lock", "!=", "you"),
    ];
    for (const row of rows) assert((await client.txn().when(row).commit()).succeeded);
    assert((await client.txn().when(...rows).commit()).succeeded);
    assert(!(await client.txn().when(...rows, compare.missing("lock")).commit()).succeeded);
  });

  test("grants, renews, shows and revokes leases", async ({ client, replica }) => {
    const { id, ttlSeconds } = await client.leases.grant(10);
    assertEquals(ttlSeconds, 10);
    await client.put("a", "1", { lease: id });
    assertEquals((await client.leases.state(id)).remainingSeconds, 10);
    replica.state.nowMs = 4_000;
    const state = await client.leases.state(id, { keys: true });
    assertEquals([state.remainingSeconds, state.ttlSeconds, state.keys.length], [6, 10, 1]);
    assertEquals(await client.leases.renew(id), 10);
    assertEquals((await client.leases.state(id)).remainingSeconds, 10);
    assertEquals(await client.leases.list(), [id]);
    await client.leases.revoke(id);
    assertEquals(await client.get("a"), null);
    assertEquals(await client.leases.renew(id), 0);
    assertEquals((await client.leases.state(id)).remainingSeconds, -1);
  });

  test("watches whole revisions, with what was before", async ({ client }) => {
    await client.put("a/1", "old");
    await using watch = client.watch({ prefix: "a/" }, { previous: true });
    assertEquals(await watch.opened(), 3);
    await client.put("b", "not seen");
    await client.txn().do(op.put("a/1", "new"), op.put("a/2", "two")).commit();
    await client.delete("a/1");
    const [both, deletion] = await take(watch, 2);
    assertEquals(both.revision, 4);
    assertEquals(
      both.events.map(({ type, kv, previous, isCreate }) =>
        [type, kv.name, kv.text(), previous?.text(), isCreate].join(" ")
      ),
      ["put a/1 new old false", "put a/2 two  true"],
    );
    const [event] = deletion.events;
    assertEquals([deletion.revision, event.type, event.previous?.text()], [5, "delete", "new"]);
  });

  test("watches from the past, without what was filtered", async ({ client }) => {
    await client.put("a", "1");
    await client.delete("a");
    await client.put("a", "2");
    const kinds = async (without: "puts" | "deletes", count: number) => {
      const watch = client.watch("a", { startRevision: 1, without });
      return (await take(watch, count)).map(({ revision }) => revision);
    };
    assertEquals(await kinds("puts", 1), [3]);
    assertEquals(await kinds("deletes", 2), [2, 4]);
  });

  test("gives a watch as a stream", async ({ client }) => {
    const reader = client.watch("a", { startRevision: 1 }).readable().getReader();
    await client.put("a", "1");
    assertEquals((await reader.read()).value?.revision, 2);
    await reader.cancel();
    assertEquals((await reader.read()).done, true);
  });

  test("ends a watch of compacted history with the revision", async ({ client }) => {
    for (let i = 0; i < 4; i++) await client.put("a", `${i}`);
    await client.compact(4);
    const watch = client.watch("a", { startRevision: 2 });
    const error = await assertRejects(() => take(watch, 1), CompactedError);
    assertEquals([error.compactRevision, error.code, error.retryable], [4, "OUT_OF_RANGE", false]);
    await assertRejects(() => client.get("a", { revision: 2 }), CompactedError);
  });

  test("ends a watch by its signal", async ({ client }) => {
    const controller = new AbortController();
    const watch = client.watch("a", { signal: controller.signal });
    await watch.opened();
    const taken = take(watch, 1);
    controller.abort(new Error("enough"));
    await assertRejects(() => taken, Error, "enough");
  });

  test("refuses in etcd's words", async ({ client }) => {
    const rows: readonly (readonly [call: () => Promise<unknown>, code: string, text: string])[] = [
      [() => client.put("", "1"), "INVALID_ARGUMENT", "etcdserver: key is not provided"],
      [
        () => client.get("a", { revision: 99 }),
        "OUT_OF_RANGE",
        "etcdserver: mvcc: required revision is a future revision",
      ],
      [
        () => client.put("a", "1", { lease: 77n }),
        "NOT_FOUND",
        "etcdserver: requested lease not found",
      ],
      [
        () => client.leases.grant(9_000_000_001),
        "OUT_OF_RANGE",
        "etcdserver: too large lease TTL",
      ],
      [
        () => client.txn().do(op.put("a", "1"), op.put("a", "2")).commit(),
        "INVALID_ARGUMENT",
        "etcdserver: duplicate key given in txn request",
      ],
      [
        () => client.put("a", new Uint8Array(1_600_000)),
        "INVALID_ARGUMENT",
        "etcdserver: request is too large",
      ],
    ];
    for (const [call, code, text] of rows) {
      const error = await assertRejects(call, KvorumError);
      assertEquals([error.code, error.message, error.retryable], [code, text, false]);
    }
  });

  test("tries again what a replica cannot do now", async ({ client, replica }) => {
    replica.state.refusal = new ReplicaError("no leader", "");
    const put = client.put("a", "1");
    const get = client.get("a");
    await untilAsked(replica, 2);
    replica.state.refusal = null;
    assertEquals((await put).revision, 2);
    assert(await get !== undefined);
    assertEquals((await client.get("a"))?.version, 1);
  });

  test("says when the deadline has passed and what that means", async ({ client, replica }) => {
    replica.state.refusal = new ReplicaError("timed out", "");
    // Whether the last refusal or the deadline came first is a matter of time.
    const codes = ["UNAVAILABLE", "DEADLINE_EXCEEDED"];
    const read = await assertRejects(() => client.get("a", { deadlineMs: 150 }), KvorumError);
    assert(codes.includes(read.code) && !(read instanceof OutcomeUnknownError), read.message);
    const write = await assertRejects(
      () => client.put("a", "1", { deadlineMs: 150 }),
      OutcomeUnknownError,
    );
    assert(codes.includes(write.code), write.code);
    assertEquals(write.retryable, false);
    assertInstanceOf(write.cause, KvorumError);
  });

  test("stops waiting by a signal", async ({ client, replica }) => {
    replica.state.refusal = new ReplicaError("no leader", "");
    const controller = new AbortController();
    const put = client.put("a", "1", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => put, Error, "enough");
    const { signal } = controller;
    await assertRejects(() => client.get("a", { signal }), Error, "enough");
  });

  test("fails what waits when it is closed", async ({ client, replica }) => {
    replica.state.refusal = new ReplicaError("no leader", "");
    const waiting = assertRejects(() => client.get("a"), KvorumError, "the client is closed");
    const watch = client.watch("a");
    const watching = assertRejects(() => take(watch, 1), KvorumError, "the client is closed");
    await client.close();
    await waiting;
    await watching;
    await assertRejects(() => client.get("a"), KvorumError, "the client is closed");
  });

  test("moves large values and many calls at a time", async ({ client }) => {
    const large = new Uint8Array(1_500_000).map((_, i) => i);
    await client.put("large", large);
    assertEquals((await client.get("large"))?.value, large);
    const puts = Array.from({ length: 1_500 }, (_, i) => client.put(`n/${i}`, "x".repeat(i)));
    const revisions = (await Promise.all(puts)).map(({ revision }) => revision);
    assertEquals(new Set(revisions).size, 1_500);
    assertEquals((await client.range({ prefix: "n/" })).count, 1_500);
  });
}

/** Takes so many batches and leaves the watch. */
export async function take(watch: Watch, count: number): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  for await (const batch of watch) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

/** Waits until a replica was asked so often and refused. */
async function untilAsked(replica: LocalReplica, count: number): Promise<void> {
  for (let asked = 0; asked < count;) {
    await new Promise<void>((resolve) => {
      const { propose, linearize } = replica;
      const heard = () => {
        asked++;
        Object.assign(replica, { propose, linearize });
        resolve();
      };
      replica.propose = (...args) => (heard(), propose.apply(replica, args));
      replica.linearize = () => (heard(), linearize.apply(replica));
    });
  }
}
