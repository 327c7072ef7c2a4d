/**
 * The JSON gateway beside a real etcd: both get the same requests in the same order and must give
 * the same statuses, headers and bodies, revisions included. Identifiers, terms and addresses are
 * replaced; what a newer etcd than the one at hand does otherwise is in the list of differences.
 */
import { assert, assertEquals } from "@std/assert";
import { createFetchHandler } from "../../src/api/fetch_handler.ts";
import { LocalReplica } from "../api/local_replica.ts";
import { EtcdProcess } from "./etcd_process.ts";
import { BAD, type Case, GOOD, type WatchCase, WATCHES } from "./gateway_cases.ts";
import { DIFFERENCES } from "./gateway_differences.ts";

/** Sends a request to one of the two. */
type Send = (path: string, init: RequestInit) => Promise<Response>;

interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly allow: string | null;
  readonly body: string;
}

function normalised(body: string): string {
  return body
    .replaceAll(/"(cluster_id|member_id|ID|leader)":"\d+"/g, '"$1":"1"')
    .replaceAll(/"raft_term":"\d+"/g, '"raft_term":"1"')
    // One of the two has a real clock.
    .replaceAll('"TTL":"999"', '"TTL":"1000"')
    .replaceAll(/"http:\/\/127\.0\.0\.1:\d+"/g, '"http://address"');
}

async function answer(send: Send, { path, body, method = "POST" }: Case): Promise<Answer> {
  const init = { method, ...(body === undefined ? {} : { body }) };
  const response = await send(path, init);
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    allow: response.headers.get("allow"),
    body: normalised(await response.text()),
  };
}

/** The status of an answer, or null when there is none because the connection was closed. */
async function statusOf(send: Send, each: Case): Promise<number | null> {
  try {
    return (await answer(send, each)).status;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The first lines of a watch, which is then left. */
async function watchLines(send: Send, { body, lines }: WatchCase): Promise<string[]> {
  const response = await send("/v3/watch", { method: "POST", body });
  assertEquals(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n").length <= lines) {
    const { done, value } = await reader.read();
    assert(!done, `a watch ended after: ${text}`);
    text += value;
  }
  await reader.cancel();
  return normalised(text).split("\n").slice(0, lines);
}

function describe({ path, body = "", method = "POST" }: Case): string {
  return `${method} ${path} ${body.length > 300 ? `${body.slice(0, 300)}…` : body}`;
}

const installed = EtcdProcess.isInstalled();
const condition = installed ? "" : " (left out: no etcd is installed here)";

Deno.test({
  name: `createFetchHandler() answers good and bad requests as etcd does${condition}`,
  ignore: !installed,
  async fn(t) {
    await using etcd = await EtcdProcess.start();
    const handler = createFetchHandler({ replica: new LocalReplica() });
    const ours: Send = (path, init) => handler(new Request(`http://kvorum${path}`, init));
    const theirs: Send = (path, init) => fetch(etcd.clientUrl + path, init);

    await t.step("good requests", async () => {
      for (const each of GOOD) {
        assertEquals(await answer(ours, each), await answer(theirs, each), describe(each));
      }
    });
    await t.step("bad requests", async () => {
      for (const each of BAD) {
        assertEquals(await answer(ours, each), await answer(theirs, each), describe(each));
      }
    });
    await t.step("the data afterwards", async () => {
      const all: Case = { path: "/v3/kv/range", body: '{"key":"AA==","range_end":"AA=="}' };
      assertEquals(await answer(ours, all), await answer(theirs, all));
    });
    await t.step("watches", async () => {
      for (const each of WATCHES) {
        assertEquals(await watchLines(ours, each), await watchLines(theirs, each), each.body);
      }
    });
    await t.step("known differences", async () => {
      for (const each of DIFFERENCES) {
        assertEquals(await statusOf(ours, each), each.ours, describe(each));
        assertEquals(await statusOf(theirs, each), each.theirs, describe(each));
      }
    });
  },
});
