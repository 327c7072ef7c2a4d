import { assert, assertEquals } from "@std/assert";
import { LocalCluster } from "./local_cluster.ts";

const ROUNDS = 5;
const WRITERS = 6;

interface RangeAnswer {
  readonly kvs?: readonly { key: string; value: string; mod_revision: string }[];
}

/**
 * Writers go through all three replicas while the leader is killed with SIGKILL and started again,
 * time after time. In the end every acknowledged write must be at every replica, in one order.
 */
Deno.test("kvorum serve keeps every acknowledged write through five kills of the leader", async () => {
  await using cluster = new LocalCluster(3);
  await cluster.start();
  const acknowledged = new Map<string, { value: string; revision: number }>();
  let writing = true;
  const write = async (writer: number) => {
    for (let i = 0; writing; i++) {
      const key = btoa(`w${writer}/${String(i).padStart(6, "0")}`);
      const value = btoa(`${writer}-${i}`);
      const replica = cluster.replicas[(writer + i) % cluster.replicas.length];
      const answer = await replica.call<{ header: { revision: string } }>("/v3/kv/put", {
        key,
        value,
      });
      if (answer !== null) {
        acknowledged.set(key, { value, revision: Number(answer.header.revision) });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  for (let round = 0; round < ROUNDS; round++) {
    const before = acknowledged.size;
    while (acknowledged.size < before + 100) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const leader = await cluster.leader();
    const seen = leader.lines.length;
    await leader.end("SIGKILL");
    const during = acknowledged.size;
    while (acknowledged.size < during + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    leader.start();
    await leader.line("ready to serve", seen);
  }
  writing = false;
  await Promise.all(writers);
  assert(acknowledged.size >= ROUNDS * 120);

  const answers = await Promise.all(
    cluster.replicas.map((replica) =>
      replica.call<RangeAnswer>("/v3/kv/range", { key: btoa("w"), range_end: btoa("x") })
    ),
  );
  for (const answer of answers) {
    const found = new Map(answer?.kvs?.map((kv) => [kv.key, kv]));
    for (const [key, { value, revision }] of acknowledged) {
      assertEquals(found.get(key)?.value, value, `${atob(key)} was acknowledged and is gone`);
      assertEquals(Number(found.get(key)?.mod_revision), revision, `${atob(key)} has moved`);
    }
    assertEquals(answer?.kvs, answers[0]?.kvs, "all replicas hold the same, in one order");
  }
});
