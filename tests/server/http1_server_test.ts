import { assertEquals } from "@std/assert";
import { Http1Server } from "../../src/server/http1_server.ts";

Deno.test("Http1Server serves the connections that it is given and nobody else", async () => {
  const server = new Http1Server((request) =>
    Promise.resolve(new Response(new URL(request.url).pathname))
  );
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const serving = server.take(
    await listener.accept(),
    new TextEncoder().encode("GET /first HTTP/1.1\r\nhost: kvorum\r\n"),
  );
  await client.write(new TextEncoder().encode("connection: close\r\n\r\n"));
  const answer = await new Response(client.readable).text();
  assertEquals(answer.slice(-6), "/first");
  await serving;

  const stranger = await fetch(`http://127.0.0.1:${server.port}/`);
  assertEquals(stranger.status, 403);
  await stranger.body?.cancel();
  await server.shutdown(1_000);
});
