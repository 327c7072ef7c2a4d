import { assertEquals } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { createServices } from "../../../src/api/services/methods.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { LocalReplica } from "../local_replica.ts";

function post(path: string, body: string): Request {
  return new Request(`http://kvorum${path}`, { method: "POST", body });
}

Deno.test("serveStream() sends a line for each answer until the client goes", async () => {
  const replica = new LocalReplica();
  const services = createServices(replica);
  const handler = createFetchHandler({ replica, services });
  const campaign = (value: string) =>
    services.election.campaign(
      { name: encodeUtf8("a"), lease: 7n, value: encodeUtf8(value) },
      PLAIN_CONTEXT,
    );
  await services.lease.grant({ ttl: 60, id: 7n }, PLAIN_CONTEXT);
  await campaign("ann");
  const response = await handler(post("/v3/election/observe", '{"name":"YQ=="}'));
  assertEquals(response.status, 200);
  const lines = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const valueOf = async () => {
    const { value } = await lines.read();
    return atob(JSON.parse(value ?? "").result.kv.value);
  };
  assertEquals(await valueOf(), "ann");
  await campaign("anna");
  assertEquals(await valueOf(), "anna");
  await lines.cancel();
  assertEquals(replica.machine.watches.streamCount, 0);
});

Deno.test("serveStream() gives a status to what is refused at once", async () => {
  const replica = new LocalReplica();
  const handler = createFetchHandler({ replica });
  replica.state.isLearner = true;
  const refused = await handler(post("/v3/election/observe", '{"name":"YQ=="}'));
  assertEquals([refused.status, (await refused.json()).code], [400, 9]);
  const whole = await handler(post("/v3/maintenance/snapshot", ""));
  assertEquals(whole.status, 200);
  await whole.body?.cancel();
});
