/** What the tests of recipes stand on: a replica, clients on their way to it, and time. */
import { assert } from "@std/assert";
import { MultiplexServer } from "../../../src/api/websocket/multiplex_server.ts";
import { connect, type KvorumClient, Session } from "../../../src/client/mod.ts";
import { LocalReplica } from "../../api/local_replica.ts";
import { ManualClock } from "../../transport/manual_clock.ts";
import { ServedReplica } from "../served_replica.ts";

/** Time that a test moves, in turns that come by themselves. */
class TestClock extends ManualClock {
  override defer(fn: () => void): void {
    queueMicrotask(fn);
  }
}

/** A client on its way to a replica. */
export interface Bench {
  readonly client: KvorumClient;
  readonly replica: LocalReplica;
  /** Sessions that end with the test. */
  readonly sessions: (count: number) => Promise<Session[]>;
}

/** A bench on which time stands still until the test lets it pass. */
export interface TimedBench extends Bench {
  /** Lets time pass for the client and the replica, in steps in which everybody gets their turn. */
  readonly pass: (durationMs: number) => Promise<void>;
}

/** Runs with a client inside this program. */
export async function withClient(run: (bench: TimedBench) => Promise<void>): Promise<void> {
  const replica = new LocalReplica();
  using server = new MultiplexServer({ replica });
  const clock = new TestClock();
  await using client = connect(() => server.connect(), { clock });
  await using opened = new Sessions(client);
  const pass = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
      clock.advance(100);
      replica.state.nowMs += 100;
      await turn();
    }
  };
  await run({ client, replica, sessions: (count) => opened.open(count), pass });
}

/** Tests a recipe with a client inside the program, and with one over a WebSocket. */
export function testOnBoth(name: string, run: (bench: Bench) => Promise<void>): void {
  Deno.test(name, () => withClient(run));
  // Other runtimes run these tests, too, and are no servers.
  if (!("serve" in Deno)) return;
  Deno.test(`${name}, over a WebSocket`, async () => {
    const replica = new LocalReplica();
    await using served = new ServedReplica(replica);
    await using client = connect(served.url, { deadlineMs: 60_000 });
    await using opened = new Sessions(client);
    await run({ client, replica, sessions: (count) => opened.open(count) });
  });
}

/** Sessions that are closed together. Not every runtime has an `AsyncDisposableStack`. */
class Sessions implements AsyncDisposable {
  readonly #client: KvorumClient;
  readonly #open: Session[] = [];

  constructor(client: KvorumClient) {
    this.#client = client;
  }

  async open(count: number): Promise<Session[]> {
    for (let i = 0; i < count; i++) this.#open.push(await Session.open(this.#client));
    return this.#open.slice(-count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#open.reverse()) await session.close();
  }
}

/** Lets all that is under way inside this program happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

const PATIENCE_MS = 60_000;

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!await isSo()) {
    assert(performance.now() - startMs < PATIENCE_MS, "It does not come to pass");
    await turn();
  }
}

/** How many keys begin with a prefix. */
export async function countBelow(client: KvorumClient, prefix: string): Promise<number> {
  return (await client.range({ prefix }, { countOnly: true })).count;
}

/** Tells at any time whether a promise has settled. */
export function watched(promise: Promise<unknown>): { readonly isSettled: boolean } {
  const state = { isSettled: false };
  const settle = () => {
    state.isSettled = true;
  };
  promise.then(settle, settle);
  return state;
}
