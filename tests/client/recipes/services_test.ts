import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  endpointsOf,
  KvorumError,
  observeEndpoints,
  Registration,
  SessionLostError,
} from "../../../src/client/mod.ts";
import { countBelow, testOnBoth } from "./recipe_bench.ts";

testOnBoth("Registration stores an address as etcd's naming does", async (bench) => {
  const { client, sessions } = bench;
  const [session] = await sessions(1);
  const metadata = { zone: "b", weight: 2 };
  const registration = await Registration.register(session, "web", "10.0.0.7:80", { metadata });
  const kv = await client.get("web/10.0.0.7:80");
  assertEquals(kv?.text(), `{"Op":0,"Addr":"10.0.0.7:80","Metadata":{"zone":"b","weight":2}}`);
  assertEquals([kv?.name, kv?.lease], [registration.key, session.lease]);
  await registration.update(undefined);
  assertEquals(
    (await client.get("web/10.0.0.7:80"))?.text(),
    `{"Op":0,"Addr":"10.0.0.7:80","Metadata":null}`,
  );
  await registration.withdraw();
  assertEquals(await countBelow(client, "web/"), 0);
  const error = await assertRejects(() => registration.update({}), KvorumError);
  assertEquals(error.code, "FAILED_PRECONDITION");
});

testOnBoth("observeEndpoints() tells of all addresses whenever one changes", async (bench) => {
  const { client, sessions } = bench;
  const [one, two] = await sessions(2);
  await client.put("web/theirs", `{"Op":0,"Addr":"10.0.0.9:80","Metadata":null}`);
  await client.put("web/other", "no endpoint");
  await client.put("web/another", "null");
  await client.put("website/x", `{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}`);
  const observed = observeEndpoints(client, "web");
  const next = async () => {
    const { value } = await observed.next();
    return (value ?? []).map(({ address, metadata }: { address: string; metadata: unknown }) =>
      metadata === null ? address : `${address} ${JSON.stringify(metadata)}`
    );
  };
  assertEquals(await next(), ["10.0.0.9:80"]);
  const first = await Registration.register(two, "web", "b:1");
  assertEquals(await next(), ["b:1", "10.0.0.9:80"]);
  await Registration.register(one, "web", "a:1", { metadata: [1] });
  assertEquals(await next(), ["a:1 [1]", "b:1", "10.0.0.9:80"]);
  assertEquals(
    (await endpointsOf(client, "web")).map(({ address, lease }) => [address, lease]),
    [["a:1", one.lease], ["b:1", two.lease], ["10.0.0.9:80", 0n]],
  );
  await first.update("busy");
  assertEquals(await next(), ["a:1 [1]", `b:1 "busy"`, "10.0.0.9:80"]);
  // The program that had this address dies.
  await client.leases.revoke(one.lease);
  assertEquals(await next(), [`b:1 "busy"`, "10.0.0.9:80"]);
  await client.put("web/theirs", "not any more");
  assertEquals(await next(), [`b:1 "busy"`]);
  await observed.return(undefined);
});

testOnBoth("Registration takes an address over, and lets go of it then", async (bench) => {
  const { client, sessions } = bench;
  const [old, young] = await sessions(2);
  const before = await Registration.register(old, "web", "a:1");
  const after = await Registration.register(young, "web", "a:1");
  await before.withdraw();
  await old.close();
  assert(before.lost.aborted);
  assertEquals((await endpointsOf(client, "web")).map(({ lease }) => lease), [young.lease]);
  await assertRejects(() => Registration.register(old, "web", "a:1"), SessionLostError);
  await after[Symbol.asyncDispose]();
  assertEquals(await endpointsOf(client, "web"), []);
});
