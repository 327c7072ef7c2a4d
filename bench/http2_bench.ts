/**
 * gRPC calls a second through our own HTTP/2 beside node:http2, under the same load of h2load.
 *
 * The servers run one after the other in processes of their own, in turns. The ratio of the medians
 * is what to quote, and on a machine that is busy otherwise the server's own time for a call.
 */
import { serveHttp2Connection } from "../src/http2/serve.ts";
import { PLATFORM_CLOCK } from "../src/client/platform_clock.ts";
import { DenoPipe } from "../tests/http2/deno_pipe.ts";
import { say } from "../tools/say.ts";

const METHOD = "/kvorum.Bench/Unary";
const ROUNDS = 3;
const SECONDS = 3;
/** Connections and streams on each. */
const LOADS: readonly (readonly [number, number])[] = [[1, 1], [1, 64], [8, 32], [100, 4]];

/** The same trivial handler on node:http2, in the way its documentation shows. */
const NODE_SERVER = `
const http2 = require("node:http2");
const answer = Buffer.from(process.argv[1], "hex");
const server = http2.createServer();
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.on("data", () => {});
  stream.on("end", () => {
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.destroyed || stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(answer);
  });
});
server.on("sessionError", () => {});
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

const answer = new Uint8Array(24).fill(7);
const answerMessage = new Uint8Array([0, 0, 0, 0, answer.length, ...answer]);

/** The kinds of server that are compared, as commands that print their port. */
function servers(): { name: string; command: string; args: string[] }[] {
  const own = ["run", "-A", "--quiet", import.meta.filename as string];
  return [
    { name: "own", command: Deno.execPath(), args: [...own, "serve", "sync"] },
    { name: "own, async handler", command: Deno.execPath(), args: [...own, "serve", "async"] },
    {
      name: "node:http2 (Node)",
      command: "node",
      args: ["-e", NODE_SERVER, answerMessage.toHex()],
    },
  ];
}

/** Serves until it is stopped. */
async function serve(kind: string): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  say(String(listener.addr.port));
  const clock = PLATFORM_CLOCK;
  const handle = kind === "sync" ? () => answer : async () => {
    await null;
    return answer;
  };
  for await (const socket of listener) {
    serveHttp2Connection(new DenoPipe(socket), {
      clock,
      grpc: (path) => path === METHOD ? { kind: "unary", handle } : null,
      fetch: () => new Response(null, { status: 404 }),
    });
  }
}

/** Requests a second that h2load gets out of one server. */
async function load(port: number, connections: number, streams: number, body: string) {
  const args = ["-D", String(SECONDS), "--warm-up-time=1", "-c", String(connections)];
  args.push("-m", String(streams), "-d", body, "-H", "content-type: application/grpc");
  args.push("-H", "te: trailers", `http://127.0.0.1:${port}${METHOD}`);
  const { stdout } = await new Deno.Command("h2load", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const done = Number(/(\d+) succeeded/.exec(text)?.[1]);
  const failed = Number(/(\d+) failed/.exec(text)?.[1]);
  if (!(done > 0) || failed > 0) throw new Error(`h2load did not get through:\n${text}`);
  return done / SECONDS;
}

/** What one run says: calls a second, and the server's processor time for each in microseconds. */
interface Measured {
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** The processor time that a process has used, in seconds, as Linux counts it. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

async function measure(
  { command, args }: { command: string; args: string[] },
  [connections, streams]: readonly [number, number],
  body: string,
): Promise<Measured> {
  const child = new Deno.Command(command, { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value } = await reader.read();
    const before = await cpuSeconds(child.pid);
    const perSecond = await load(Number(value), connections, streams, body);
    const seconds = await cpuSeconds(child.pid) - before;
    // The second of warming up is in the time, but not in the calls.
    return { perSecond, cpuUs: seconds * 1e6 / (perSecond * (SECONDS + 1)) };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

async function main(): Promise<void> {
  const body = await Deno.makeTempFile();
  // A put of a 16-byte key and a 256-byte value takes this much.
  const request = new Uint8Array(5 + 277);
  new DataView(request.buffer).setUint32(1, request.length - 5);
  await Deno.writeFile(body, request);
  const all = servers();
  for (const each of LOADS) {
    const runs = all.map((): Measured[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, server] of all.entries()) runs[i].push(await measure(server, each, body));
    }
    const rates = runs.map((of) => median(of.map(({ perSecond }) => perSecond)));
    const times = runs.map((of) => median(of.map(({ cpuUs }) => cpuUs)));
    say(`${each[0]} connections x ${each[1]} streams`);
    for (const [i, { name }] of all.entries()) {
      const rate = Math.round(rates[i]).toLocaleString("en").padStart(9);
      const ratio = (rates[i] / rates[all.length - 1]).toFixed(1).padStart(5);
      const saving = (times[all.length - 1] / times[i]).toFixed(1);
      say(
        `  ${name.padEnd(20)} ${rate} calls/s ${ratio} x ` +
          `${times[i].toFixed(1).padStart(6)} us of processor a call, ${saving} x less`,
      );
    }
  }
  await Deno.remove(body);
}

if (Deno.args[0] === "serve") await serve(Deno.args[1]);
else if (import.meta.main) await main();
