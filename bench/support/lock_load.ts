/**
 * Two holders of one lock in a process of their own, who hand it to and fro. It prints the latencies
 * as a line of JSON: from when one gives it back until the other one has it.
 *
 * lock_load.ts recipe|service SAMPLES HELD_MILLISECONDS URL…
 */
import { connect, type HeldLock, Lock, Session } from "../../src/client/mod.ts";
import { create, encodeToBytes } from "../../src/proto/codec.ts";
import { LockRequest, UnlockRequest } from "../../src/proto/lock.ts";
import { say } from "../../tools/say.ts";
import { GrpcLoadConnection } from "./grpc_load.ts";

const NAME = "handed";

/** One who holds the lock now and then. */
interface Holder {
  acquire(): Promise<void>;
  release(): Promise<void>;
}

/** Kvorum's client, with the recipe, over its WebSocket. */
async function recipeHolder(urls: readonly string[]): Promise<Holder> {
  const session = await Session.open(connect(urls), { ttlSeconds: 300 });
  let lock: HeldLock | null = null;
  return {
    async acquire() {
      lock = await Lock.acquire(session, NAME);
    },
    async release() {
      await lock?.release();
    },
  };
}

/** The server's own lock service over gRPC, in which the server stands in line for its client. */
async function serviceHolder([url]: readonly string[]): Promise<Holder> {
  const body = JSON.stringify({ TTL: 300 });
  const granted = await fetch(`${url}/v3/lease/grant`, { method: "POST", body });
  const lease = BigInt((await granted.json()).ID);
  const utf8 = new TextEncoder();
  const { host } = new URL(url);
  const caller = async (path: string, message: Uint8Array) => {
    const connection = await GrpcLoadConnection.connect(host, path);
    return async () => {
      const { promise, resolve } = Promise.withResolvers<number>();
      connection.call(message, resolve);
      const status = await promise;
      if (status !== 0) throw new Error(`${path} failed with status ${status}`);
    };
  };
  const name = utf8.encode(NAME);
  const key = utf8.encode(`${NAME}/${lease.toString(16)}`);
  return {
    acquire: await caller(
      "/v3lockpb.Lock/Lock",
      encodeToBytes(LockRequest, create(LockRequest, { name, lease })),
    ),
    release: await caller(
      "/v3lockpb.Lock/Unlock",
      encodeToBytes(UnlockRequest, create(UnlockRequest, { key })),
    ),
  };
}

const [kind, samples, heldMs, ...urls] = Deno.args;
const open = kind === "recipe" ? recipeHolder : serviceHolder;
let [holder, waiter] = [await open(urls), await open(urls)];
const latencies: number[] = [];
await holder.acquire();
for (let i = 0; i < Number(samples); i++) {
  const acquired = waiter.acquire();
  await new Promise((resolve) => setTimeout(resolve, Number(heldMs)));
  const startMs = performance.now();
  const released = holder.release();
  await acquired;
  latencies.push(performance.now() - startMs);
  await released;
  [holder, waiter] = [waiter, holder];
}
await holder.release();
say(JSON.stringify(latencies.sort((a, b) => a - b)));
Deno.exit(0);
