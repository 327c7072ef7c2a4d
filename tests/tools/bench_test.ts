import { assertEquals } from "@std/assert";
import { benchmarks } from "../../tools/bench.ts";
import { PlantedTree } from "./planted.ts";

Deno.test("benchmarks() lists the files of bench/ with their first sentence", async () => {
  await using tree = new PlantedTree({
    "bench/put.ts": "/**\n * Puts per second,\n * against etcd. More.\n */\n",
    "bench/bare.ts": "",
    "bench/load/shared.ts": "/** Not a benchmark. */",
  });
  assertEquals(benchmarks(tree.root), [
    { name: "bare", about: "" },
    { name: "put", about: "Puts per second, against etcd." },
  ]);
});
