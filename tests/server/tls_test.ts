import { assertEquals, assertRejects } from "@std/assert";
import { type ClientHandlers, ClientPort } from "../../src/server/client_port.ts";
import { CommandError } from "../../src/server/command_error.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import type { TlsFiles } from "../../src/server/tls_files.ts";
import { TlsListener } from "../../src/server/tls_listener.ts";
import { freePorts } from "../e2e/free_ports.ts";

const VECTORS = new URL("../vectors/tls/", import.meta.url);

function pem(name: string): string {
  return Deno.readTextFileSync(new URL(name, VECTORS));
}

function path(name: string): string {
  return new URL(name, VECTORS).pathname;
}

const FILES: TlsFiles = {
  prefix: "",
  certFile: path("server.crt"),
  keyFile: path("server.key"),
  trustedCaFile: "",
  asksClients: false,
  rules: { commonNames: [], hostnames: [], crlFile: "", checksAddress: true },
  clientCertFile: "",
  clientKeyFile: "",
  isSelfSigned: false,
  versions: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" },
};

const HANDLERS: ClientHandlers = {
  grpc: () => ({ kind: "unary", handle: (request) => request }),
  fetch: async (request) => new Response(`heard ${await request.text()}`),
};

async function bind(tls: TlsFiles, ...schemes: string[]) {
  const [number] = freePorts(1);
  const url = `https://127.0.0.1:${number}`;
  const rejected: string[] = [];
  const urls = [url, ...schemes.map((scheme) => url.replace("https", scheme))];
  const port = await ClientPort.bind("listen-client-urls", urls, {
    clock: PLATFORM_CLOCK,
    http2: { streamsMax: 100 },
    servesHttp1: true,
    tls,
    onTlsEvent: { onRejected: (_, reason) => rejected.push(reason), onReload: () => {} },
    onEvent: () => {},
  });
  port.serve(HANDLERS);
  return { url, port, rejected };
}

/** A client that trusts our authority, with a certificate of its own or without. */
function client(own: string | null, http2: boolean): Deno.HttpClient {
  const options = { caCerts: [pem("ca.crt")], http1: !http2, http2 };
  return Deno.createHttpClient(
    own === null ? options : { ...options, cert: pem(`${own}.crt`), key: pem(`${own}.key`) },
  );
}

const MESSAGE = new Uint8Array([0, 0, 0, 0, 2, 8, 7]);

Deno.test("ClientPort speaks HTTP/1.1, HTTP/2 and gRPC behind TLS", async () => {
  const { url, port } = await bind(FILES);
  await using _ = port;
  for (const http2 of [false, true]) {
    using plain = client(null, http2);
    const body = "x".repeat(300_000);
    const response = await fetch(url, { client: plain, method: "POST", body });
    assertEquals(await response.text(), `heard ${body}`);
  }
  using grpc = client(null, true);
  const headers = { "content-type": "application/grpc" };
  const echo = await fetch(`${url}/t.T/Echo`, {
    client: grpc,
    method: "POST",
    headers,
    body: MESSAGE,
  });
  assertEquals(await echo.bytes(), MESSAGE);
});

Deno.test("ClientPort asks clients for certificates and says why it turns one away", async () => {
  const tls = { ...FILES, trustedCaFile: path("ca.crt"), asksClients: true };
  const { url, port, rejected } = await bind(tls);
  await using _ = port;
  using known = client("client", true);
  const response = await fetch(url, { client: known, method: "POST", body: "hello" });
  assertEquals(await response.text(), "heard hello");
  for (const own of [null, "stranger"]) {
    using unknown = client(own, true);
    await assertRejects(() => fetch(url, { client: unknown }), TypeError);
  }
  assertEquals(rejected, [
    "peer sent no certificates",
    "bad certificate: DEPTH_ZERO_SELF_SIGNED_CERT",
  ]);
});

Deno.test("ClientPort speaks with and without TLS at one address", async () => {
  const { url, port } = await bind(FILES, "http");
  await using _ = port;
  using secure = client(null, false);
  for (
    const [address, options] of [[url, { client: secure }], [url.replace("https", "http"), {}]]
  ) {
    const response = await fetch(address as string, {
      ...options as object,
      method: "POST",
      body: "x",
    });
    assertEquals(await response.text(), "heard x");
  }
});

Deno.test("TlsListener.reload() takes new certificates, and keeps the old ones for bad files", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-tls-" });
  const files = { ...FILES, certFile: `${dir}/crt`, keyFile: `${dir}/key` };
  const use = async (name: string) => {
    await Deno.copyFile(path(`${name}.crt`), files.certFile);
    await Deno.copyFile(path(`${name}.key`), files.keyFile);
  };
  await use("server");
  const [port] = freePorts(1);
  const reloads: boolean[] = [];
  const address = { hostname: "127.0.0.1", port, protocols: ["h2"], takesPlain: false };
  const listener = await TlsListener.listen(address, files, {
    onConnection: (socket) => socket.close(),
    onRejected: () => {},
    onReload: (error) => reloads.push(error === null),
  });
  const isTrusted = async (caCerts: string[]): Promise<boolean> => {
    using socket = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts });
    return await socket.handshake().then(() => true, () => false);
  };
  assertEquals(await isTrusted([pem("ca.crt")]), true);
  listener.reload();
  assertEquals(reloads, []);
  // Only half of a pair has been replaced so far.
  await Deno.copyFile(path("stranger.crt"), files.certFile);
  listener.reload();
  listener.reload();
  assertEquals(reloads, [false]);
  assertEquals(await isTrusted([pem("ca.crt")]), true);
  await use("stranger");
  listener.reload();
  assertEquals(reloads, [false, true]);
  assertEquals(await isTrusted([pem("ca.crt")]), false);
  listener.close();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("TlsListener.listen() names the flag of a file that it cannot use", async () => {
  await assertRejects(
    () => bind({ ...FILES, keyFile: "/nowhere/key" }),
    CommandError,
    "Cannot read --key-file /nowhere/key: ",
  );
  await assertRejects(
    () => bind({ ...FILES, keyFile: path("stranger.key") }),
    CommandError,
    "are no certificate and its key",
  );
});
