import { assert, assertEquals } from "@std/assert";
import { Quota, QUOTA_BYTES_DEFAULT } from "../../src/replica/quota.ts";

Deno.test("Quota takes etcd's numbers: zero is the default, negative is none", () => {
  assertEquals(new Quota(0).limitBytes, QUOTA_BYTES_DEFAULT);
  assertEquals(new Quota(-1).limitBytes, Infinity);
  assertEquals(new Quota(100).limitBytes, 100);
});

Deno.test("Quota admits below its limit, and what costs nothing always", () => {
  const quota = new Quota(1_000);
  quota.measure(700);
  assert(quota.admits(299));
  quota.measure(700);
  assert(!quota.admits(300));
  quota.measure(5_000);
  assert(!quota.admits(1));
  assert(quota.admits(0));
});

Deno.test("Quota counts what is on its way until the store is measured again", () => {
  const quota = new Quota(1_000);
  assert(quota.admits(600));
  assert(!quota.admits(600));
  quota.measure(10);
  assert(quota.admits(600));
});
