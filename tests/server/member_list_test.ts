import { assertEquals } from "@std/assert";
import { parseMemberList } from "../../src/server/member_list.ts";

Deno.test("parseMemberList() reads a list and refuses anything else", () => {
  const member = { id: "a8f3458387986d", name: "", peer_urls: ["http://h:1"] };
  assertEquals(parseMemberList({ cluster_id: "ff", members: [member] }), {
    clusterId: 0xffn,
    members: [{ id: 0xa8f3458387986dn, name: "", peerUrls: ["http://h:1"] }],
  });
  const bad = [
    null,
    "text",
    {},
    { cluster_id: "0x1", members: [] },
    { cluster_id: "1" },
    { cluster_id: "1", members: [null] },
    { cluster_id: "1", members: [{ ...member, id: 7 }] },
    { cluster_id: "1", members: [{ ...member, peer_urls: [1] }] },
  ];
  for (const json of bad) assertEquals(parseMemberList(json), null);
});
