/** Clients that begin to say something and never end, on real sockets. Only the clock is the test's. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFetchHandler } from "../../../src/api/fetch_handler.ts";
import { BODY_MS, BodyIntake } from "../../../src/api/gateway/body_intake.ts";
import { ClientPort } from "../../../src/server/client_port.ts";
import { PLATFORM_CLOCK } from "../../../src/client/platform_clock.ts";
import { freePorts } from "../../e2e/free_ports.ts";
import { ManualClock } from "../../transport/manual_clock.ts";
import { LocalReplica } from "../local_replica.ts";

/** A port that serves a replica. Its bodies are timed by a clock that stands still. */
class SlowPort implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly intake: BodyIntake;
  readonly replica = new LocalReplica();
  readonly #number: number;
  readonly #port: ClientPort;

  private constructor(number: number, port: ClientPort, bytesMax: number) {
    this.#number = number;
    this.#port = port;
    this.intake = new BodyIntake(this.clock, bytesMax);
    const { replica, intake } = this;
    port.serve({ grpc: () => null, fetch: createFetchHandler({ replica, intake }) });
  }

  static async open(bytesMax = Infinity): Promise<SlowPort> {
    const [number] = freePorts(1);
    const port = await ClientPort.bind("listen-client-urls", [`http://127.0.0.1:${number}`], {
      clock: PLATFORM_CLOCK,
      http2: {},
      servesHttp1: true,
      tls: null,
      onTlsEvent: { onRejected: () => {}, onReload: () => {} },
      onEvent: () => {},
    });
    return new SlowPort(number, port, bytesMax);
  }

  /** A client that has said so much, and then nothing. */
  async connect(path: string, header: string, body: string): Promise<Deno.TcpConn> {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: this.#number });
    const head = `POST ${path} HTTP/1.1\r\nhost: kvorum\r\n${header}\r\n\r\n`;
    const bytes = new TextEncoder().encode(head + body);
    for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
    return client;
  }

  /** Waits until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port[Symbol.asyncDispose]();
    assertEquals(this.clock.timers, 0);
    assertEquals(this.intake.budget.takenBytes, 0);
  }
}

/** The status line of an answer and the rest, which ends as said. The client leaves then. */
async function answerOf(client: Deno.TcpConn, end: string): Promise<[string, string]> {
  using _ = client;
  const buffer = new Uint8Array(4_096);
  let text = "";
  while (!text.trimEnd().endsWith(end)) {
    const length = await client.read(buffer);
    assert(length !== null, `The connection ended after ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
  return [text.split("\r\n")[0], text];
}

const LATE = '{"error":"etcdserver: request timed out","message":"etcdserver: request timed out",' +
  '"code":14}';
const CHUNK = '8\r\n{"key":"\r\n';

/** Bodies that stop in the middle, each read in a way of its own. */
const UNFINISHED: readonly (readonly [path: string, header: string, body: string])[] = [
  ["/v3/kv/put", "content-length: 20", '{"key":"'],
  ["/v3/kv/put", "content-length: 200000", '{"key":"'],
  ["/v3/kv/put", "transfer-encoding: chunked", CHUNK],
  ["/v3/maintenance/snapshot", "content-length: 9", "{"],
  ["/v3/watch", "transfer-encoding: chunked", ""],
  ["/v3/watch", "transfer-encoding: chunked", CHUNK],
  ["/v3/lease/keepalive", "content-length: 10", "{"],
];

for (const [path, header, body] of UNFINISHED) {
  const name = `${path} with ${header}${body === "" ? " and nothing" : ""}`;
  Deno.test(`BodyIntake gives up a body that does not end: ${name}`, async () => {
    await using port = await SlowPort.open();
    const { clock } = port;
    const client = await port.connect(path, header, body);
    await port.until(() => clock.timers === 1);
    clock.advance(BODY_MS - 1);
    assertEquals(clock.timers, 1);
    clock.advance(1);
    const [status] = await answerOf(client, LATE);
    assertEquals(status, "HTTP/1.1 503 Service Unavailable");
    assertEquals(port.replica.machine.watches.streamCount, 0);
  });
}

Deno.test("BodyIntake lets a watch say nothing for long, but no message without an end", async () => {
  await using port = await SlowPort.open();
  const { clock } = port;
  const create = '{"create_request":{"key":"YQ=="}}';
  const length = create.length.toString(16);
  const client = await port.connect(
    "/v3/watch",
    "transfer-encoding: chunked",
    `${length}\r\n${create}\r\n`,
  );
  await port.until(() => port.replica.machine.watches.watcherCount === 1);
  assertEquals(clock.timers, 0);
  clock.advance(10 * BODY_MS);
  await client.write(new TextEncoder().encode(CHUNK));
  await port.until(() => clock.timers === 1);
  clock.advance(BODY_MS);
  const [status, text] = await answerOf(client, "\n0");
  assertEquals(status, "HTTP/1.1 200 OK");
  assertStringIncludes(text, '"message":"etcdserver: request timed out"');
  assertEquals(port.replica.machine.watches.streamCount, 0);
});

Deno.test("BodyIntake refuses a body when others hold all there is, and goes on when they leave", async () => {
  await using port = await SlowPort.open(250_000);
  const { budget } = port.intake;
  const header = "content-length: 200000";
  const first = await port.connect("/v3/kv/put", header, " ".repeat(150_000));
  await port.until(() => budget.takenBytes === 150_000);
  const second = await port.connect("/v3/kv/put", header, " ".repeat(150_000));
  const [status, answer] = await answerOf(second, "}");
  assertEquals(status, "HTTP/1.1 429 Too Many Requests");
  assertStringIncludes(answer, '"message":"kvorum: too many requests are half read","code":8');
  assertEquals(budget.takenBytes, 150_000);
  first.close();
  await port.until(() => budget.takenBytes === 0);
  const put = '{"key":"YQ=="}'.padEnd(200_000);
  const third = await port.connect("/v3/kv/put", header, put);
  assertEquals((await answerOf(third, "}"))[0], "HTTP/1.1 200 OK");
});
