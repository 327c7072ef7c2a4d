import { assert, assertEquals, assertRejects } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { GrpcCode, RpcError } from "../../../src/api/errors.ts";
import { createServices } from "../../../src/api/services/methods.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import type { LeaderResponse } from "../../../src/proto/election.ts";
import { LocalReplica } from "../local_replica.ts";

const name = encodeUtf8("boss");

async function twoCandidates() {
  const services = createServices(new LocalReplica());
  await services.lease.grant({ ttl: 100, id: 0xan }, PLAIN_CONTEXT);
  await services.lease.grant({ ttl: 100, id: 0xbn }, PLAIN_CONTEXT);
  const campaign = (lease: bigint, value: string) =>
    services.election.campaign({ name, lease, value: encodeUtf8(value) }, PLAIN_CONTEXT);
  return { services, election: services.election, campaign };
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("ElectionService.campaign() elects one at a time, in the order of asking", async () => {
  const { election, campaign } = await twoCandidates();
  const first = await campaign(0xan, "ann");
  assertEquals(text(first.leader?.key), "boss/a");
  assertEquals(first.leader?.rev, 2);
  assertEquals(first.header?.revision, 2);
  let isSecondElected = false;
  const second = campaign(0xbn, "bob").finally(() => isSecondElected = true);
  const { kv } = await election.leader({ name }, PLAIN_CONTEXT);
  assertEquals(text(kv?.value), "ann");
  assert(!isSecondElected);
  await election.resign(first, PLAIN_CONTEXT);
  // Its header is that of the transaction with which it began to wait.
  assertEquals((await second).header?.revision, 3);
  assertEquals((await second).leader?.rev, 3);
});

Deno.test("ElectionService.campaign() of the leader proclaims the new value", async () => {
  const { election, campaign } = await twoCandidates();
  const first = await campaign(0xan, "ann");
  const again = await campaign(0xan, "anna");
  assertEquals(again.leader, first.leader);
  assertEquals(text((await election.leader({ name }, PLAIN_CONTEXT)).kv?.value), "anna");
});

Deno.test("ElectionService.proclaim() is for the leader only", async () => {
  const { election, campaign } = await twoCandidates();
  const { leader } = await campaign(0xan, "ann");
  assert(leader !== undefined);
  await election.proclaim({ leader, value: encodeUtf8("news") }, PLAIN_CONTEXT);
  assertEquals(text((await election.leader({ name }, PLAIN_CONTEXT)).kv?.value), "news");
  await election.resign({ leader }, PLAIN_CONTEXT);
  const value = encodeUtf8("late");
  for (
    const [call, message] of [
      [() => election.proclaim({ leader, value }, PLAIN_CONTEXT), "election: not leader"],
      [() => election.proclaim({ value }, PLAIN_CONTEXT), '"leader" field must be provided'],
      [() => election.resign({}, PLAIN_CONTEXT), '"leader" field must be provided'],
      [() => election.leader({ name }, PLAIN_CONTEXT), "election: no leader"],
    ] as const
  ) {
    const error = await assertRejects<RpcError>(call, RpcError);
    assertEquals([error.code, error.message], [GrpcCode.Unknown, message]);
  }
});

Deno.test("ElectionService.observe() tells who leads and each change", async () => {
  const { election, campaign } = await twoCandidates();
  const controller = new AbortController();
  const observed = election.observe({ name }, { ...PLAIN_CONTEXT, signal: controller.signal });
  const next = async (): Promise<string> => {
    const { value } = await observed.next() as IteratorResult<LeaderResponse, never>;
    return `${text(value.kv?.value)} at ${value.header?.revision}`;
  };
  const pending = next();
  const { leader } = await campaign(0xan, "ann");
  assert(leader !== undefined);
  assertEquals(await pending, "ann at 2");
  await election.proclaim({ leader, value: encodeUtf8("anna") }, PLAIN_CONTEXT);
  assertEquals(await next(), "anna at 3");
  const second = campaign(0xbn, "bob");
  await election.resign({ leader }, PLAIN_CONTEXT);
  await second;
  assertEquals(await next(), "bob at 5");
  const last = next();
  controller.abort();
  const error = await assertRejects(() => last, RpcError);
  assertEquals(error.code, GrpcCode.Canceled);
});
