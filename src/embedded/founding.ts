import { type InitialMember, INSTANCE_ID_BYTES } from "../replica/identity.ts";
import { clusterIdOf, memberIdOf } from "../replica/member_id.ts";
import type { Bootstrap } from "../replica/options.ts";
import type { EmbeddedMember, EmbeddedOptions } from "./options.ts";

const CLUSTER_TOKEN = "kvorum";

/**
 * Who a replica with an unused storage is. All identities follow from the names and the token, so
 * members that are given the same list agree on them.
 *
 * @throws {TypeError} if the replica is not in the list, or a name is there twice
 */
export async function foundingOf(
  { name = "default", members = [{ name }], clusterToken = CLUSTER_TOKEN }: EmbeddedOptions,
): Promise<Bootstrap> {
  if (new Set(members.map((member) => member.name)).size < members.length) {
    throw new TypeError("Cannot found a cluster with two members of one name");
  }
  const initialMembers = await Promise.all(
    members.map((member) => initialMember(member, clusterToken)),
  );
  const self = initialMembers.find((member) => member.name === name);
  if (self === undefined) {
    throw new TypeError(`Cannot found a cluster: "${name}" is not one of its members`);
  }
  return {
    clusterId: await clusterIdOf(initialMembers.map(({ id }) => id)),
    memberId: self.id,
    instanceId: crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES)),
    initialMembers,
  };
}

async function initialMember(
  { name, peerUrls = [] }: EmbeddedMember,
  clusterToken: string,
): Promise<InitialMember> {
  // Why the name and not the addresses: a page has none, and a server may move.
  const id = await memberIdOf([name], clusterToken);
  return { id, name, peerUrls, isLearner: false };
}
