/** Watches over real connections: what a client sees as it happens, and what is left when it goes. */
import { assert, assertEquals } from "@std/assert";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { LocalReplica } from "../local_replica.ts";

const CREATE_A = '{"create_request":{"key":"YQ=="}}';
const HEADER = '"header":{"cluster_id":"291","member_id":"2748"';

class LineReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(separator = "\n"): Promise<string> {
    while (!this.#text.includes(separator)) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#text;
      this.#text += value;
    }
    const end = this.#text.indexOf(separator);
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + separator.length);
    return line;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** Runs `test` against a replica that is really served. */
async function withServer(
  test: (url: string, replica: LocalReplica, stop: () => void) => Promise<void>,
): Promise<void> {
  const replica = new LocalReplica();
  const stopping = new AbortController();
  const handler = createFetchHandler({ replica, signal: stopping.signal });
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  await test(`http://127.0.0.1:${server.addr.port}`, replica, () => stopping.abort());
  stopping.abort();
}

async function put(url: string, key: string, value: string): Promise<void> {
  const body = JSON.stringify({ key: btoa(key), value: btoa(value) });
  const response = await fetch(`${url}/v3/kv/put`, { method: "POST", body });
  assertEquals(response.status, 200);
  await response.body?.cancel();
}

const watch = (url: string, body: BodyInit) => fetch(`${url}/v3/watch`, { method: "POST", body });

Deno.test("streamWatch() sends each event as it happens, long after the body has ended", async () => {
  await withServer(async (url) => {
    const lines = new LineReader(await watch(url, CREATE_A));
    assertEquals(
      await lines.next(),
      `{"result":{${HEADER},"revision":"1","raft_term":"2"},"created":true}}`,
    );
    for (const revision of [2, 3, 4]) {
      await put(url, "a", "a");
      const create = '"key":"YQ==","create_revision":"2"';
      assertEquals(
        await lines.next(),
        `{"result":{${HEADER},"revision":"${revision}","raft_term":"2"},"events":[{"kv":{` +
          `${create},"mod_revision":"${revision}","version":"${revision - 1}","value":"YQ=="}}]}}`,
      );
    }
    await lines.cancel();
  });
});

Deno.test("streamWatch() hears what the client says while the stream runs", async () => {
  await withServer(async (url) => {
    const body = new TransformStream<string, string>();
    const writer = body.writable.getWriter();
    const sent = watch(url, body.readable.pipeThrough(new TextEncoderStream()));
    await writer.write('{"create_req');
    await writer.write('uest":{"key":"YQ=="}}');
    const lines = new LineReader(await sent);
    assert((await lines.next()).endsWith('"created":true}}'));
    await writer.write('{"create_request":{"key":"Yg==","watch_id":9}}{"cancel_');
    assert((await lines.next()).endsWith('"watch_id":"9","created":true}}'));
    await writer.write('request":{"watch_id":9}}');
    assert((await lines.next()).endsWith('"watch_id":"9","canceled":true}}'));
    await put(url, "b", "");
    await put(url, "a", "");
    assert((await lines.next()).includes('"key":"YQ=="'));
    await writer.close();
    await lines.cancel();
  });
});

Deno.test("streamWatch() ends the watches of a client that goes away", async () => {
  await withServer(async (url, { machine }) => {
    const staying = new LineReader(await watch(url, CREATE_A));
    const leaving = new LineReader(await watch(url, CREATE_A + CREATE_A));
    for (const reader of [staying, leaving, leaving]) await reader.next();
    assertEquals([machine.watches.streamCount, machine.watches.watcherCount], [2, 3]);
    await leaving.cancel();
    // The server sees the client go when it next writes to it, at the latest.
    while (machine.watches.streamCount > 1) {
      await put(url, "a", "");
      await staying.next();
    }
    assertEquals(machine.watches.watcherCount, 1);
    await staying.cancel();
  });
});

Deno.test("streamWatch() ends the watches of a client that breaks off in its body", async () => {
  await withServer(async (url, { machine }) => {
    const staying = new LineReader(await watch(url, CREATE_A));
    await staying.next();
    const { hostname, port } = new URL(url);
    const leaving = await Deno.connect({ hostname, port: Number(port) });
    const chunk = `${CREATE_A.length.toString(16)}\r\n${CREATE_A}\r\n`;
    const head = "POST /v3/watch HTTP/1.1\r\nHost: replica\r\nTransfer-Encoding: chunked\r\n\r\n";
    await leaving.write(new TextEncoder().encode(head + chunk));
    await leaving.read(new Uint8Array(1_024));
    assertEquals(machine.watches.streamCount, 2);
    leaving.close();
    while (machine.watches.streamCount > 1) {
      await put(url, "b", "");
    }
    await staying.cancel();
  });
});

Deno.test("streamWatch() ends with the reason when the replica stops", async () => {
  await withServer(async (url, _replica, stop) => {
    const lines = new LineReader(await watch(url, CREATE_A));
    await lines.next();
    stop();
    const error = JSON.parse(await lines.next()).error;
    assertEquals([error.code, error.message], [14, "etcdserver: server stopped"]);
    assertEquals(await lines.next(), "");
  });
});

Deno.test("streamWatch() keeps what a client does not read in bounds, and loses nothing", async () => {
  const replica = new LocalReplica();
  const handler = createFetchHandler({ replica });
  const request = (path: string, body: string) =>
    handler(new Request(`http://replica${path}`, { method: "POST", body }));
  const lines = new LineReader(await request("/v3/watch", CREATE_A));
  await lines.next();
  for (let i = 0; i < 1_000; i++) {
    await (await request("/v3/kv/put", `{"key":"YQ==","value":"${btoa(String(i))}"}`)).text();
  }
  const values: string[] = [];
  while (values.length < 1_000) {
    const { result } = JSON.parse(await lines.next());
    for (const { kv } of result.events) values.push(atob(kv.value));
  }
  assertEquals(values, Array.from({ length: 1_000 }, (_, i) => String(i)));
  await lines.cancel();
});
