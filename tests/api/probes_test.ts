import { assert, assertEquals } from "@std/assert";
import { createFetchHandler } from "../../src/api/fetch_handler.ts";
import { AlarmType } from "../../src/machine/alarms.ts";
import { ReplicaError } from "../../src/replica/errors.ts";
import { LocalReplica } from "./local_replica.ts";

function probe() {
  const replica = new LocalReplica();
  const handler = createFetchHandler({ replica });
  const get = async (path: string, method = "GET"): Promise<[number, string]> => {
    const response = await handler(new Request(`http://kvorum${path}`, { method }));
    return [response.status, await response.text()];
  };
  return { replica, get };
}

Deno.test("/livez and /readyz say ok, and with verbose each check", async () => {
  const { get } = probe();
  assertEquals(await get("/livez"), [200, "ok\n"]);
  assertEquals(await get("/livez?verbose"), [200, "[+]serializable_read ok\nok\n"]);
  assertEquals(await get("/readyz/linearizable_read"), [200, "ok\n"]);
  assertEquals(await get("/readyz?verbose&exclude=non_learner&exclude=unknown"), [
    200,
    "[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\nok\n",
  ]);
  assertEquals((await get("/readyz/unknown"))[0], 404);
  assertEquals((await get("/livez/non_learner"))[0], 404);
  assertEquals((await get("/livez", "POST"))[0], 405);
});

Deno.test("/readyz tells what is wrong, while /livez is well", async () => {
  const { replica, get } = probe();
  replica.state.refusal = new ReplicaError("timed out", "no quorum");
  replica.state.isLearner = true;
  replica.machine.alarms.activate(1n, AlarmType.Corrupt);
  assertEquals(await get("/livez"), [200, "ok\n"]);
  assertEquals(await get("/readyz"), [
    503,
    "[-]data_corruption failed: alarm activated: CORRUPT\n" +
    "[+]serializable_read ok\n" +
    "[-]linearizable_read failed: etcdserver: rpc not supported for learner\n" +
    "[-]non_learner failed: not supported for learner\n\n",
  ]);
  replica.state.isLearner = false;
  assertEquals(await get("/readyz/linearizable_read"), [
    503,
    "[-]linearizable_read failed: etcdserver: request timed out\n\n",
  ]);
});

Deno.test("/readyz does not mind that there is no space", async () => {
  const { replica, get } = probe();
  replica.machine.alarms.activate(1n, AlarmType.NoSpace);
  assertEquals(await get("/readyz"), [200, "ok\n"]);
  assertEquals((await get("/health"))[0], 503);
  assertEquals((await get("/health?exclude=NOSPACE"))[0], 200);
});

Deno.test("/metrics shows the replica as it is and counts the probes", async () => {
  const { replica, get } = probe();
  await get("/health");
  await get("/readyz/non_learner");
  replica.state.leader = 0n;
  await get("/health");
  const [status, text] = await get("/metrics");
  assertEquals(status, 200);
  for (
    const line of [
      "etcd_server_has_leader 0",
      "etcd_server_is_leader 0",
      'etcd_server_id{server_id="abc"} 1',
      "etcd_debugging_mvcc_current_revision 1",
      "etcd_server_health_success 1",
      "etcd_server_health_failures 1",
      'etcd_server_healthcheck{type="readyz",name="non_learner"} 1',
      'etcd_server_healthchecks_total{type="readyz",name="non_learner",status="success"} 1',
    ]
  ) assert(text.includes(`${line}\n`), `no ${line} in\n${text}`);
});
