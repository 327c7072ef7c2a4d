/**
 * Several of these may run at once against a started cluster: each takes the lock, adds one to a
 * counter ten times, and sees the others' changes arrive.
 *
 *     deno task start                    # in one terminal
 *     deno run -A demo/counter.ts        # in as many others as you like
 */
import { connect, Lock, Session } from "@kvorum/kvorum";

const endpoints = Deno.args.length > 0 ? Deno.args : ["http://127.0.0.1:2379"];
await using client = connect(endpoints);
await using session = await Session.open(client);

const seen = client.watch("demo/counter");
await seen.opened();
const watching = (async () => {
  for await (const { revision, events } of seen) {
    for (const { kv } of events) tell(`revision ${revision}: ${kv.text()}`);
  }
})();

for (let turn = 0; turn < 10; turn++) {
  await using lock = await Lock.acquire(session, "demo/lock");
  const count = Number((await client.get("demo/counter"))?.text() ?? "0");
  await client.put("demo/counter", String(count + 1));
  tell(`token ${lock.token}: ${count} becomes ${count + 1}`);
}
await seen.close();
await watching;

function tell(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}
