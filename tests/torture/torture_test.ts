import { assert, assertEquals } from "@std/assert";
import { torture } from "./torture.ts";

const ROUNDS = 20;

for (const storage of ["deno-kv", "file"]) {
  Deno.test(`kvorum serve --storage ${storage} loses nothing in ${ROUNDS} kills under load`, async () => {
    const { acknowledged, lost } = await torture(storage, ROUNDS, 1);
    assertEquals(lost, []);
    assert(acknowledged > 100, `${acknowledged} keys were written`);
  });
}
