/**
 * The client's tests for runtimes other than Deno: bundled, and run from the first to the last. The
 * order of these imports matters: the first one makes `Deno.test`.
 */
import { registered } from "./registry.ts";
import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { connect } from "../../src/client/mod.ts";
import { transportSuite } from "../client/transport_suite.ts";
import "../client/recipes/barrier_test.ts";
import "../client/recipes/double_barrier_test.ts";
import "../client/recipes/election_test.ts";
import "../client/recipes/lock_test.ts";
import "../client/recipes/queue_test.ts";
import "../client/recipes/read_write_lock_test.ts";
import "../client/recipes/services_test.ts";
import "../client/recipes/session_test.ts";
import "../client/recipes/stm_test.ts";
import "../testing/test_cluster_test.ts";
import { testSockets } from "./sockets.ts";

transportSuite("connect() inside one program", (replica) => {
  const server = new MultiplexServer({ replica });
  const client = connect(() => server.connect());
  return Promise.resolve({
    client,
    replica,
    async [Symbol.asyncDispose]() {
      await client.close();
      server.close();
    },
  });
});

/** What the tests came to. */
export interface SuiteResult {
  readonly passed: number;
  /** The names of those that failed, with the reasons. */
  readonly failures: readonly string[];
}

/** Runs all tests; `url` is a server of a real cluster. */
export async function runSuite(url: string): Promise<SuiteResult> {
  const tests = [...registered, ...testSockets(url)];
  const failures: string[] = [];
  for (const { name, fn } of tests) {
    Reflect.set(globalThis, "running", name);
    try {
      await fn();
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return { passed: tests.length - failures.length, failures };
}

// A page calls it itself; a program is given the server's URL.
Object.assign(globalThis, { runSuite });
const url = (globalThis as { process?: { argv: string[] } }).process?.argv[2];
if (url !== undefined) {
  const result = await runSuite(url);
  // deno-lint-ignore no-console
  console.log(JSON.stringify(result));
}
