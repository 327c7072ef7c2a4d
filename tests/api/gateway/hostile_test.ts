/** Whatever comes in, the gateway answers with a refusal of its own, and nothing else happens. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { LocalReplica } from "../local_replica.ts";

const UNARY_PATHS = [
  ...["range", "put", "deleterange", "txn", "compaction"].map((name) => `/v3/kv/${name}`),
  ...["grant", "revoke", "timetolive", "leases"].map((name) => `/v3/lease/${name}`),
  "/v3/cluster/member/list",
  "/v3/maintenance/status",
];

const NAMES = [
  ...["key", "value", "range_end", "rangeEnd", "lease", "limit", "revision", "sort_order"],
  ...["sort_target", "prev_kv", "ignore_value", "compare", "success", "failure", "target"],
  ...["result", "request_put", "request_range", "request_delete_range", "request_txn", "ID"],
  ...["TTL", "keys", "version", "create_revision", "physical", "linearizable", "__proto__"],
];

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, "", "YQ==", "AA==", "%", "PUT", "VERSION", "1e3", "-1"),
    fc.oneof(fc.integer(), fc.double(), fc.constantFrom(2 ** 63, -(2 ** 63), 1e300)),
    fc.base64String({ maxLength: 8 }),
    fc.string({ maxLength: 8 }),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("json"), { maxKeys: 5 }),
  ),
}));

/** Texts that are nearly requests: a piece is cut out, doubled or replaced. */
const mutated = fc.tuple(json, fc.nat(), fc.nat(8), fc.string({ maxLength: 4 })).map(
  ([value, at, length, inserted]) => {
    const text = JSON.stringify(value);
    const start = at % (text.length + 1);
    return text.slice(0, start) + inserted + text.slice(start + length);
  },
);

const body = fc.oneof(json.map((value) => JSON.stringify(value)), mutated, fc.uint8Array());

Deno.test("createFetchHandler() refuses hostile bodies and never fails inside", async () => {
  const replica = new LocalReplica();
  const unforeseen: unknown[] = [];
  const onInternalError = ({ cause }: Error) => unforeseen.push(cause);
  const handler = createFetchHandler({ replica, onInternalError });
  const send = (path: string, content: string | Uint8Array<ArrayBuffer>) =>
    handler(new Request(`http://replica${path}`, { method: "POST", body: content }));

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...UNARY_PATHS), body, async (path, content) => {
      const { revision } = replica.machine.store;
      const response = await send(path, content);
      const answer = await response.json();
      assertEquals(unforeseen, []);
      assert(response.status === 200 || response.status === 400 || response.status === 404);
      if (response.status === 200) return;
      assertEquals(Object.keys(answer), ["error", "message", "code"]);
      assert(answer.message !== "" && answer.message === answer.error);
      assertEquals(replica.machine.store.revision, revision);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("createFetchHandler() refuses hostile watches and leaves none behind", async () => {
  const replica = new LocalReplica();
  const handler = createFetchHandler({ replica });
  const request = fc.oneof(
    body,
    fc.array(
      fc.record({
        create_request: fc.option(json, { nil: undefined }),
        cancel_request: fc.option(json, { nil: undefined }),
        progress_request: fc.option(json, { nil: undefined }),
      }),
      { maxLength: 4 },
    ).map((messages) => messages.map((message) => JSON.stringify(message)).join(" ")),
  );
  await fc.assert(
    fc.asyncProperty(request, async (content) => {
      const init = { method: "POST", body: content };
      const response = await handler(new Request("http://replica/v3/watch", init));
      assert(response.status === 200 || response.status === 500, String(response.status));
      if (response.status === 500) assertEquals((await response.json()).code, 2);
      else await response.body?.cancel();
      assertEquals(replica.machine.watches.streamCount, 0);
    }),
    { numRuns: 1_000 },
  );
});
