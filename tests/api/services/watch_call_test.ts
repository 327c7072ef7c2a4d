import { assert, assertEquals, assertThrows } from "@std/assert";
import { PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { RpcError } from "../../../src/api/errors.ts";
import { createServices } from "../../../src/api/services/methods.ts";
import {
  type Every,
  LEADER_CHECK_MS,
  PROGRESS_INTERVAL_MS,
  type WatchCall,
} from "../../../src/api/services/watch_call.ts";
import { WatchService } from "../../../src/api/services/watch_service.ts";
import { fragmentsOf } from "../../../src/api/services/watch_fragment.ts";
import { WATCH_QUEUE_RESPONSES_MAX } from "../../../src/base/limits.ts";
import { create } from "../../../src/proto/codec.ts";
import { KeyValue, PutRequest } from "../../../src/proto/kv.ts";
import { WatchCreateRequest, WatchRequest, WatchResponse } from "../../../src/proto/watch.ts";
import { LocalReplica } from "../local_replica.ts";

const key = new TextEncoder().encode("key");

function setUp() {
  const replica = new LocalReplica();
  const services = createServices(replica);
  const call = services.watch.open(PLAIN_CONTEXT);
  const put = (value: number) =>
    services.kv.put(create(PutRequest, { key, value: new Uint8Array([value]) }), PLAIN_CONTEXT);
  return { replica, services, call, put };
}

function watch(call: WatchCall, fields: Partial<WatchCreateRequest> = {}): void {
  const createRequest = create(WatchCreateRequest, { key, ...fields });
  call.send(create(WatchRequest, { createRequest }));
}

Deno.test("WatchCall.take() gives events in order and null when there are none", async () => {
  const { call, put } = setUp();
  watch(call);
  assertEquals(call.take()?.created, true);
  assertEquals(call.take(), null);
  const readable = call.readable();
  await put(1);
  await put(2);
  await readable;
  for (const [value, revision] of [[1, 2], [2, 3]]) {
    const response = call.take();
    assertEquals(response?.header?.revision, revision);
    assertEquals(response?.events.map(({ kv }) => kv?.value[0]), [value]);
  }
  call.end();
});

Deno.test("WatchCall loses nothing for a client that pulls late", async () => {
  const { call, put } = setUp();
  watch(call);
  const count = WATCH_QUEUE_RESPONSES_MAX * 3;
  for (let i = 0; i < count; i++) await put(i % 256);
  assert(call.full);
  const drained = call.drained();
  const revisions: number[] = [];
  for (let response = call.take(); response !== null; response = call.take()) {
    for (const { kv } of response.events) revisions.push(kv!.modRevision);
  }
  await drained;
  assertEquals(revisions, Array.from({ length: count }, (_, i) => i + 2));
  call.end();
});

Deno.test("WatchCall.end() releases whoever waits and the hub's watchers", async () => {
  const { call, services } = setUp();
  watch(call);
  call.take();
  const readable = call.readable();
  services.watch.close();
  await readable;
  assert(call.ended);
  assertEquals(call.failure?.message, "etcdserver: server stopped");
  assertEquals(call.take(), null);
  watch(call);
  assertThrows(() => services.watch.open(PLAIN_CONTEXT), RpcError, "server stopped");
});

/** Timers that fire when the test says so. */
class ManualTimers {
  readonly #running = new Map<() => void, number>();

  readonly every: Every = (periodMs, fn) => {
    this.#running.set(fn, periodMs);
    return { stop: () => this.#running.delete(fn) };
  };

  get count(): number {
    return this.#running.size;
  }

  fire(periodMs: number): void {
    for (const [fn, period] of [...this.#running]) if (period === periodMs) fn();
  }
}

Deno.test("WatchCall ends when a leader that the client wants is missing for long", () => {
  const replica = new LocalReplica();
  const timers = new ManualTimers();
  const service = new WatchService(replica, timers.every);
  const call = service.open({ ...PLAIN_CONTEXT, requireLeader: true });
  const check = (leader: bigint) => {
    replica.state.leader = leader;
    timers.fire(LEADER_CHECK_MS);
    return call.ended;
  };
  assertEquals([0n, 0n, 1n, 0n, 0n].map(check), [false, false, false, false, false]);
  assertEquals(check(0n), true);
  assertEquals(call.failure?.message, "etcdserver: no leader");
  assertEquals(timers.count, 0);
});

Deno.test("WatchCall reports progress to watchers that want to know", () => {
  const timers = new ManualTimers();
  const call = new WatchService(new LocalReplica(), timers.every).open(PLAIN_CONTEXT);
  watch(call);
  assertEquals(timers.count, 0);
  watch(call, { progressNotify: true });
  watch(call, { progressNotify: true });
  assertEquals(timers.count, 1);
  for (let i = 0; i < 3; i++) call.take();
  assertEquals(call.take(), null);
  timers.fire(PROGRESS_INTERVAL_MS);
  const progress = [call.take(), call.take(), call.take()];
  assertEquals(progress.map((response) => response?.watchId), [1, 2, undefined]);
  assertEquals(progress[0]?.events, []);
  call.end();
  assertEquals(timers.count, 0);
});

Deno.test("fragmentsOf() cuts between events and says what follows", () => {
  const event = (bytes: number) => ({
    type: 0,
    kv: create(KeyValue, { key, value: new Uint8Array(bytes) }),
  });
  const events = [300, 300, 300, 2_000, 10].map(event);
  const whole = create(WatchResponse, { watchId: 5, events });
  assertEquals(fragmentsOf(whole, 1_000_000), [whole]);
  const pieces = fragmentsOf(whole, 1_000);
  assertEquals(pieces.map((piece) => piece.events.length), [2, 1, 1, 1]);
  assertEquals(pieces.map((piece) => piece.fragment), [true, true, true, false]);
  assertEquals(pieces.flatMap((piece) => piece.events), events);
  assertEquals(fragmentsOf({ ...whole, events: [event(5_000)] }, 1_000).length, 1);
});
