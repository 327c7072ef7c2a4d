import { assert, assertEquals } from "@std/assert";
import { PLAIN_CONTEXT } from "../../src/api/call_context.ts";
import { toRpcError } from "../../src/api/errors.ts";
import { createServices, type Services } from "../../src/api/services/methods.ts";
import { create } from "../../src/proto/codec.ts";
import { PutRequest } from "../../src/proto/kv.ts";
import { AlarmAction, AlarmType } from "../../src/proto/maintenance.ts";
import { VirtualCluster, type VirtualNode } from "./virtual_cluster.ts";

const QUOTA_BYTES = 53_248;

async function put(cluster: VirtualCluster, { kv }: Services): Promise<string> {
  const request = create(PutRequest, { key: Uint8Array.of(1), value: new Uint8Array(1_000) });
  try {
    await cluster.wait(kv.put(request, PLAIN_CONTEXT));
    return "";
  } catch (error) {
    return toRpcError(error).message;
  }
}

Deno.test("The NOSPACE alarm stops the puts of all replicas, stays through restarts, and is disarmed", async () => {
  await using cluster = await VirtualCluster.start(3, { upkeep: { quotaBytes: QUOTA_BYTES } });
  const follower = cluster.nodes.find((node) => node !== cluster.leader) as VirtualNode;
  let services = createServices(follower.replica);
  let written = 0;
  while (await put(cluster, services) === "") written++;
  assert(written > 20 && written < 53, `${written}`);
  const alarms = [{ memberId: follower.id, alarm: AlarmType.NOSPACE }];
  for (const { id, replica, disk } of [...cluster.nodes]) {
    await cluster.wait(replica.close());
    await cluster.open(id, disk);
  }
  await cluster.until(() => cluster.leader !== undefined);
  const other = cluster.nodes.find(({ id }) => id !== follower.id) as VirtualNode;
  services = createServices(other.replica);
  const message = "etcdserver: mvcc: database space exceeded";
  assertEquals(await put(cluster, services), message);
  const { revision } = other.replica.machine.store;
  await cluster.wait(services.kv.compact({ revision, physical: false }, PLAIN_CONTEXT));
  assert(other.replica.machine.store.bytesTotal < QUOTA_BYTES / 2);
  assertEquals(await put(cluster, services), message);
  const list = { action: AlarmAction.GET, memberId: 0n, alarm: AlarmType.NONE };
  const listed = await cluster.wait(services.maintenance.alarm(list, PLAIN_CONTEXT));
  assertEquals(listed.alarms.filter(({ memberId }) => memberId === follower.id), alarms);
  for (const alarm of listed.alarms) {
    const disarm = { action: AlarmAction.DEACTIVATE, ...alarm };
    await cluster.wait(services.maintenance.alarm(disarm, PLAIN_CONTEXT));
  }
  for (const { replica } of cluster.nodes) {
    assertEquals(await put(cluster, createServices(replica)), "");
  }
});
