import { assert, assertEquals } from "@std/assert";
import { MultiplexServer } from "../../../src/api/websocket/multiplex_server.ts";
import { withClientSockets } from "../../../src/server/client_sockets.ts";
import { LocalReplica } from "../../api/local_replica.ts";
import { ChromiumPage } from "../../storage/browser/chromium.ts";

const ENTRY = new URL("page.ts", import.meta.url).pathname;
const PAGE = `<!doctype html><script type="module" src="/page.js"></script>`;

/** The messages of one connection, as the server gets them. */
interface Counted {
  readonly sizes: number[];
}

async function bundlePage(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", ENTRY],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("connect() works in a page of Chromium, through a lost connection", async () => {
  const script = await bundlePage();
  const replica = new LocalReplica();
  const counted: Counted = { sizes: [] };
  let multiplex = new MultiplexServer({ replica });
  const files = (request: Request) =>
    Promise.resolve(
      new URL(request.url).pathname === "/page.js"
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response(PAGE, { headers: { "content-type": "text/html" } }),
    );
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return withClientSockets(files, counting(multiplex, counted), [])(request);
  });
  const profile = await Deno.makeTempDir();
  const chromium = await ChromiumPage.open(profile, `http://127.0.0.1:${http.addr.port}/`);
  try {
    const { page } = chromium;
    assertEquals(await page.evaluate("run.basics()"), ["1", "2 a", true, "INVALID_ARGUMENT"]);
    counted.sizes.length = 0;
    await page.evaluate("run.putLarge(20000)");
    assert(counted.sizes.some((size) => size > 20_000), "a page's frames are not cut");
    const watched = page.evaluate("run.watchTen()");
    await page.evaluate("run.isWatching");
    const first = multiplex;
    multiplex = new MultiplexServer({ replica });
    first.close();
    await page.evaluate("run.putTen()");
    assertEquals(await watched, Array.from({ length: 10 }, (_, i) => `w/${i}`));
    await page.evaluate("run.close()");
  } finally {
    await chromium.close();
    multiplex.close();
    await http.shutdown();
    await Deno.remove(profile, { recursive: true });
  }
});

/** A server that notes how large the messages are that come. */
function counting(server: MultiplexServer, { sizes }: Counted): MultiplexServer {
  const accept = (socket: WebSocket) => {
    socket.addEventListener("message", ({ data }) => sizes.push((data as ArrayBuffer).byteLength));
    server.accept(socket);
  };
  return new Proxy(server, {
    get: (target, name) => name === "accept" ? accept : Reflect.get(target, name, target),
  });
}
