/**
 * Round trips and megabytes a second between two peer transports, against bare WebSockets in turns
 * within one run: both ends in this process, over the loopback interface.
 *
 * deno task bench transport_bench [--rounds N] [--own-checksum]
 */
import { crc32 as checksum } from "node:zlib";
import { SeededPrng } from "../src/base/prng.ts";
import { PLATFORM_CLOCK } from "../src/client/platform_clock.ts";
import type { PeerMessage } from "../src/transport/peer_message.ts";
import { say } from "../tools/say.ts";
import { PEER_PATH, WebSocketPeerTransport } from "../src/transport/websocket.ts";

const at = Deno.args.indexOf("--rounds");
const ROUNDS = at < 0 ? 5 : Number(Deno.args[at + 1]);
const OWN_CHECKSUM = Deno.args.includes("--own-checksum");
const TRIPS = 2_000;

/** Two ends of one connection. */
interface Link {
  /** Sends from the end that dialled. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** What the accepting end does with what arrives; it may answer. */
  onRequest: (bytes: Uint8Array<ArrayBuffer>, answer: Link["send"]) => void;
  /** What the dialling end does with what arrives. */
  onAnswer: () => void;
  close(): Promise<void>;
}

function listen(onSocket: (socket: WebSocket) => void): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    onSocket(socket);
    return response;
  });
}

async function bareLink(): Promise<Link> {
  const server = listen((socket) => {
    const answer: Link["send"] = (bytes) => socket.send(bytes);
    socket.onmessage = ({ data }) => link.onRequest(new Uint8Array(data), answer);
  });
  const dialled = new WebSocket(`ws://127.0.0.1:${server.addr.port}${PEER_PATH}`);
  dialled.binaryType = "arraybuffer";
  const link: Link = {
    send: (bytes) => dialled.send(bytes),
    onRequest: () => {},
    onAnswer: () => {},
    close: async () => {
      dialled.close();
      await server.shutdown();
    },
  };
  dialled.onmessage = () => link.onAnswer();
  await new Promise((resolve) => dialled.onopen = resolve);
  return link;
}

async function transportLink(): Promise<Link> {
  const make = (memberId: bigint) =>
    new WebSocketPeerTransport({
      identity: { clusterId: 1n, memberId, storageId: new Uint8Array(16) },
      clock: PLATFORM_CLOCK,
      prng: new SeededPrng(Number(memberId)),
      admit: () => null,
      ...(OWN_CHECKSUM ? {} : { checksum }),
    });
  const [a, b] = [make(1n), make(2n)];
  const servers = [listen((socket) => a.accept(socket)), listen((socket) => b.accept(socket))];
  const wrap = (bytes: Uint8Array): PeerMessage[] => [{ type: "forward", batch: bytes }];
  const answer: Link["send"] = (bytes) => b.send(1n, wrap(bytes));
  const link: Link = {
    send: (bytes) => a.send(2n, wrap(bytes)),
    onRequest: () => {},
    onAnswer: () => {},
    close: async () => {
      await Promise.all([a.close(), b.close()]);
      await Promise.all(servers.map((server) => server.shutdown()));
    },
  };
  const ends = { onDisconnected: () => {}, onConnected: () => {} };
  b.start({
    ...ends,
    onMessages: (_, messages) => {
      for (const message of messages) {
        if (message.type === "forward") {
          link.onRequest(message.batch as Uint8Array<ArrayBuffer>, answer);
        }
      }
    },
  });
  const connected = Promise.withResolvers<void>();
  a.start({
    ...ends,
    onConnected: () => connected.resolve(),
    onMessages: (_, messages) => messages.forEach(() => link.onAnswer()),
  });
  const [urlA, urlB] = servers.map(({ addr }) => `http://127.0.0.1:${addr.port}`);
  a.setPeers([{ id: 2n, urls: [urlB] }]);
  b.setPeers([{ id: 1n, urls: [urlA] }]);
  await connected.promise;
  await new Promise((resolve) => setTimeout(resolve, 50)); // Until the other way exists too.
  return link;
}

async function roundTripUs(link: Link): Promise<number> {
  link.onRequest = (bytes, answer) => answer(bytes);
  const payload = new Uint8Array(300);
  const startMs = performance.now();
  for (let i = 0; i < TRIPS; i++) {
    await new Promise<void>((resolve) => {
      link.onAnswer = resolve;
      link.send(payload);
    });
  }
  return (performance.now() - startMs) * 1_000 / TRIPS;
}

/** Sends `count` payloads with a few on the way at a time, as Raft's flow control does. */
async function megabytesPerSecond(link: Link, byteLength: number, count: number): Promise<number> {
  link.onRequest = (_, answer) => answer(new Uint8Array(8));
  const payload = new Uint8Array(byteLength).fill(7);
  const done = Promise.withResolvers<void>();
  let [sent, answered] = [0, 0];
  const fill = () => {
    while (sent < count && sent - answered < 8) {
      sent++;
      link.send(payload);
    }
  };
  link.onAnswer = () => {
    if (++answered === count) done.resolve();
    else fill();
  };
  const startMs = performance.now();
  fill();
  await done.promise;
  return byteLength * count / 1e6 / ((performance.now() - startMs) / 1_000);
}

const MEASURES: Record<string, (link: Link) => Promise<number>> = {
  "round trip of 300 bytes, us": roundTripUs,
  "64 KiB messages, MB/s": (link) => megabytesPerSecond(link, 65_536, 2_000),
  "1 MiB messages, MB/s": (link) => megabytesPerSecond(link, 1_048_576 - 200, 200),
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const results = new Map<string, { bare: number[]; transport: number[] }>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const [what, measure] of Object.entries(MEASURES)) {
    const result = results.get(what) ?? { bare: [], transport: [] };
    results.set(what, result);
    for (const [kind, open] of [["bare", bareLink], ["transport", transportLink]] as const) {
      const link = await open();
      const value = await measure(link);
      if (round > 0) result[kind].push(value); // The first round only warms up.
      await link.close();
    }
  }
}
for (const [what, { bare, transport }] of results) {
  const [b, t] = [median(bare), median(transport)];
  say(
    `${what}: bare WebSocket ${b.toFixed(0)}, transport ${t.toFixed(0)}, ratio ${
      (t / b).toFixed(2)
    }`,
  );
}
