import { assertEquals, assertRejects } from "@std/assert";
import { GrpcCode, RpcError } from "../../src/api/errors.ts";
import {
  type ClientHandlers,
  ClientPort,
  type ClientPortOptions,
} from "../../src/server/client_port.ts";
import { CommandError } from "../../src/server/command_error.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import { freePorts } from "../e2e/free_ports.ts";

const HANDLERS: ClientHandlers = {
  grpc: (path) =>
    path === "/t.T/Echo"
      ? { kind: "unary", handle: (request) => request }
      : { kind: "unary", handle: () => Promise.reject(new RpcError(GrpcCode.NotFound, "gone")) },
  fetch: async (request) => {
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(`heard ${data}`);
      return response;
    }
    const { pathname } = new URL(request.url);
    return new Response(`${request.method} ${pathname} ${await request.text()}`);
  },
};

const OPTIONS: ClientPortOptions = {
  clock: PLATFORM_CLOCK,
  http2: { streamsMax: 100 },
  servesHttp1: true,
  tls: null,
  onTlsEvent: { onRejected: () => {}, onReload: () => {} },
  onEvent: () => {},
};

async function bind(servesHttp1 = true) {
  const [number] = freePorts(1);
  const url = `http://127.0.0.1:${number}`;
  const options = { ...OPTIONS, servesHttp1 };
  return { url, number, port: await ClientPort.bind("listen-client-urls", [url], options) };
}

/** A client that speaks HTTP/2 from the first byte on. */
function http2Client(): Deno.HttpClient {
  return Deno.createHttpClient({ http1: false, http2: true });
}

/** One message, with the prefix that gRPC gives it. */
const MESSAGE = new Uint8Array([0, 0, 0, 0, 2, 8, 7]);

function grpcRequest(): RequestInit {
  return { method: "POST", headers: { "content-type": "application/grpc" }, body: MESSAGE };
}

Deno.test("ClientPort serves HTTP/1.1, HTTP/2, gRPC and WebSockets on one port", async () => {
  const { url, port } = await bind();
  await using _ = port;
  port.serve(HANDLERS);
  const first = await fetch(`${url}/a`, { method: "POST", body: "one" });
  assertEquals(await first.text(), "POST /a one");
  using client = http2Client();
  const second = await fetch(`${url}/b`, { client, method: "POST", body: "two" });
  assertEquals(await second.text(), "POST /b two");
  const echo = await fetch(`${url}/t.T/Echo`, { client, ...grpcRequest() });
  assertEquals(await echo.bytes(), MESSAGE);
  const refused = await fetch(`${url}/t.T/Other`, { client, ...grpcRequest() });
  await refused.body?.cancel();
  assertEquals(refused.headers.get("grpc-status"), String(GrpcCode.NotFound));

  const socket = new WebSocket(url.replace("http", "ws"));
  const heard = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  socket.onopen = () => socket.send("hello");
  assertEquals(await heard, "heard hello");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});

Deno.test("ClientPort says that it is starting until there are handlers", async () => {
  const { url, port } = await bind();
  await using _ = port;
  const response = await fetch(url);
  assertEquals([response.status, await response.text()], [503, "starting\n"]);
  using client = http2Client();
  const call = await fetch(`${url}/t.T/Echo`, { client, ...grpcRequest() });
  await call.body?.cancel();
  assertEquals(call.headers.get("grpc-status"), String(GrpcCode.Unavailable));
});

Deno.test("ClientPort tells protocols apart however slowly the first bytes come", async () => {
  const { number, port } = await bind();
  await using _ = port;
  port.serve(HANDLERS);
  using socket = await Deno.connect({ hostname: "127.0.0.1", port: number });
  socket.setNoDelay(true);
  const request = "PROPFIND /slow HTTP/1.1\r\nhost: kvorum\r\nconnection: close\r\n\r\n";
  for (const char of request) {
    await socket.write(new TextEncoder().encode(char));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const answer = await new Response(socket.readable).text();
  assertEquals(answer.slice(-15), "PROPFIND /slow ");
});

Deno.test("ClientPort for gRPC alone closes what speaks HTTP/1.1", async () => {
  const { url, port } = await bind(false);
  await using _ = port;
  port.serve(HANDLERS);
  await assertRejects(() => fetch(url), TypeError);
  using client = http2Client();
  const echo = await fetch(`${url}/t.T/Echo`, { client, ...grpcRequest() });
  assertEquals(await echo.bytes(), MESSAGE);
});

Deno.test("ClientPort ends streams and silent connections when it closes", async () => {
  const { url, number, port } = await bind();
  const endless = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
  port.serve({ ...HANDLERS, fetch: () => Promise.resolve(endless()) });
  using silent = await Deno.connect({ hostname: "127.0.0.1", port: number });
  using client = http2Client();
  const streams = [await fetch(url), await fetch(url, { client })];
  await port[Symbol.asyncDispose]();
  for (const { body } of streams) await body?.cancel().catch(() => "cut off");
  assertEquals(await silent.read(new Uint8Array(1)), null);
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: number }));
});

Deno.test("ClientPort lets the last word of a stream reach its client", async () => {
  const { url, port } = await bind();
  const { promise: stopping, resolve: stop } = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first "));
        await stopping;
        controller.enqueue(new TextEncoder().encode("last"));
        controller.close();
      },
    });
  port.serve({ ...HANDLERS, fetch: () => Promise.resolve(new Response(body())) });
  using client = http2Client();
  const streams = [await fetch(url), await fetch(url, { client })];
  stop();
  const [, ...texts] = await Promise.all([
    port[Symbol.asyncDispose](),
    ...streams.map((response) => response.text()),
  ]);
  assertEquals(texts, ["first last", "first last"]);
});

Deno.test("ClientPort.bind() says which port is taken and leaves nothing bound", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [free] = freePorts(1);
  const urls = [`http://127.0.0.1:${free}`, `http://127.0.0.1:${taken.addr.port}`];
  await assertRejects(
    () => ClientPort.bind("listen-client-urls", urls, OPTIONS),
    CommandError,
    `Port ${taken.addr.port} of 127.0.0.1 is taken`,
  );
  using again = Deno.listen({ hostname: "127.0.0.1", port: free });
  assertEquals(again.addr.port, free);
});
