// Deno's own client speaks HTTP/2 with prior knowledge: a real one over a real socket.
import { assertEquals } from "@std/assert";
import { type Http2Served, serveHttp2Connection } from "../../src/http2/serve.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { DenoPipe } from "./deno_pipe.ts";

Deno.test("serveHttp2Connection() serves Deno's fetch, many requests at a time", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served: Http2Served[] = [];
  const accepting = (async () => {
    for await (const socket of listener) {
      served.push(serveHttp2Connection(new DenoPipe(socket), {
        clock: PLATFORM_CLOCK,
        grpc: () => null,
        fetch: async (request) => new Response((await request.bytes()).toReversed()),
      }));
    }
  })();
  {
    using client = Deno.createHttpClient({ http1: false, http2: true });
    const url = `http://127.0.0.1:${listener.addr.port}/`;
    const post = async (body: Uint8Array<ArrayBuffer>) => {
      const response = await fetch(url, { client, method: "POST", body });
      return await response.bytes();
    };
    assertEquals(await post(new Uint8Array([1, 2, 3])), new Uint8Array([3, 2, 1]));
    const sizes = [0, 1, 100, 16_384, 65_535, 65_536, 1_000_000];
    const bodies = sizes.map((size) => new Uint8Array(size).map((_, i) => i * 7));
    const answers = await Promise.all(bodies.map(post));
    assertEquals(answers.map((each) => each.length), sizes);
    assertEquals(answers.at(-1), bodies.at(-1)?.toReversed());
  }
  await Promise.all(served.map((each) => each.shutdown()));
  listener.close();
  await accepting;
  assertEquals(served.length, 1);
});
