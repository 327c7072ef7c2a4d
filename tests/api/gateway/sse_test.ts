import { assertEquals } from "@std/assert";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { LocalReplica } from "../local_replica.ts";

interface ServerSentEvent {
  readonly name: string;
  readonly id: string;
  readonly data: {
    readonly compact_revision?: string;
    readonly events?: readonly { readonly type?: string; readonly kv: { readonly key: string } }[];
  };
}

function setUp() {
  const handler = createFetchHandler({ replica: new LocalReplica() });
  const post = async (path: string, body: object) => {
    const init = { method: "POST", body: JSON.stringify(body) };
    const response = await handler(new Request(`http://replica/v3/kv/${path}`, init));
    assertEquals(response.status, 200, await response.text());
  };
  const put = (key: string) => post("put", { key: btoa(key) });
  const open = (query: string, headers: HeadersInit = {}) =>
    handler(
      new Request(`http://replica/v3/watch?${query}`, {
        headers: { accept: "text/event-stream", ...headers },
      }),
    );
  return { post, put, open };
}

/** The events of a stream, one by one. */
async function* eventsOf(response: Response): AsyncGenerator<ServerSentEvent> {
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text.slice(0, end).split("\n").map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1).trim()];
        }),
      );
      text = text.slice(end + 2);
      yield {
        name: fields.get("event") ?? "message",
        id: fields.get("id") ?? "",
        data: JSON.parse(fields.get("data") ?? ""),
      };
    }
  }
}

async function take(events: AsyncGenerator<ServerSentEvent>): Promise<ServerSentEvent> {
  const { value } = await events.next();
  return value;
}

const keysOf = ({ data }: ServerSentEvent) => data.events?.map(({ kv }) => atob(kv.key));

Deno.test("streamEvents() gives a page the changes of a prefix", async () => {
  const { put, open } = setUp();
  await put("jobs/0");
  const events = eventsOf(await open("prefix=jobs/"));
  const created = await take(events);
  assertEquals([created.name, created.id], ["created", "2"]);
  await put("other");
  await put("jobs/1");
  const changed = await take(events);
  assertEquals([changed.name, changed.id, keysOf(changed)], ["message", "4", ["jobs/1"]]);
  await events.return(undefined);
});

Deno.test("streamEvents() goes on exactly where a client with Last-Event-ID left", async () => {
  const { put, open } = setUp();
  for (const key of ["a", "b", "c", "d"]) await put(key);
  for (const [seen, expected] of [[2, ["b", "c", "d"]], [4, ["d"]]] as const) {
    const response = await open("prefix=&start_revision=1", { "last-event-id": String(seen) });
    const events = eventsOf(response);
    // The id of "created" must not skip what is still to come.
    assertEquals((await take(events)).id, String(seen));
    const batch = await take(events);
    assertEquals([batch.id, keysOf(batch)], ["5", [...expected]]);
    await events.return(undefined);
  }
});

Deno.test("streamEvents() understands keys, ranges, filters and base64", async () => {
  const { post, put, open } = setUp();
  await put("a");
  await put("b");
  await put("é");
  await post("deleterange", { key: btoa("a") });
  const seen = async (query: string) => {
    const events = eventsOf(await open(`${query}&start_revision=2`));
    await take(events);
    const batch = await take(events);
    await events.return(undefined);
    return keysOf(batch);
  };
  assertEquals(await seen("key=a"), ["a", "a"]);
  assertEquals(await seen("key=a&range_end=c"), ["a", "b", "a"]);
  assertEquals(await seen("prefix=a&filters=NOPUT"), ["a"]);
  assertEquals(await seen("key=YQ&encoding=base64&filters=NODELETE"), ["a"]);
});

Deno.test("streamEvents() refuses with a status what EventSource must not try again", async () => {
  const { post, put, open } = setUp();
  for (let i = 0; i < 5; i++) await put("a");
  await post("compaction", { revision: 5 });
  const refusal = async (query: string, headers: HeadersInit = {}) => {
    const response = await open(query, headers);
    return [response.status, (await response.json()).message];
  };
  const compacted = "etcdserver: mvcc: required revision has been compacted";
  assertEquals(await refusal("key=a&start_revision=2"), [400, compacted]);
  assertEquals(await refusal("key=a", { "last-event-id": "3" }), [400, compacted]);
  assertEquals(await refusal("key=b&range_end=a"), [400, "mvcc: watcher range is empty"]);
  assertEquals((await refusal(""))[0], 400);
  assertEquals((await refusal("key=a&prefix=a"))[0], 400);
  assertEquals((await refusal("key=a", { "last-event-id": "x" }))[0], 400);
  assertEquals((await refusal("key=!&encoding=base64"))[0], 400);
  assertEquals((await refusal("key=a&filters=NONE"))[0], 400);
});
