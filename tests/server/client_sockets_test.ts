import { assertEquals } from "@std/assert";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { withClientSockets } from "../../src/server/client_sockets.ts";
import { LocalReplica } from "../api/local_replica.ts";

Deno.test("withClientSockets() upgrades whom it may and leaves the rest alone", async () => {
  using server = new MultiplexServer({ replica: new LocalReplica() });
  const rest = () => Promise.resolve(new Response("rest", { status: 200 }));
  const handler = withClientSockets(rest, server, ["https://friend.example"]);
  const url = "http://replica:2379/kvorum/v1";
  const upgrade = { upgrade: "websocket" };
  const rows: readonly (readonly [url: string, headers: Record<string, string>, status: number])[] =
    [
      ["http://replica:2379/v3/kv/put", {}, 200],
      ["http://replica:2379/kvorum/v1/more", upgrade, 200],
      ["http://replica:2379/?/kvorum/v1", upgrade, 200],
      [url, {}, 426],
      [url, { ...upgrade, origin: "https://evil.example" }, 403],
      [url, { ...upgrade, origin: "null" }, 403],
    ];
  for (const [url, headers, status] of rows) {
    assertEquals((await handler(new Request(url, { headers }))).status, status, url);
  }
  server.close();
  for (const origin of ["https://friend.example", "http://replica:2379"]) {
    const request = new Request(url, { headers: { ...upgrade, origin } });
    assertEquals(
      (await handler(request)).status,
      503,
      "it would be taken, were the server not closed",
    );
  }
});
