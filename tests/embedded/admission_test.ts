import { assertEquals } from "@std/assert";
import { MembersTable } from "../../src/machine/members.ts";
import { refusePeer } from "../../src/embedded/admission.ts";
import { CloseCode } from "../../src/transport/close_code.ts";
import type { Hello } from "../../src/transport/hello.ts";

const STORAGE = new Uint8Array(16).fill(7);

function member(id: bigint, instanceId = STORAGE) {
  return {
    id,
    name: "",
    peerUrls: [`http://h:${id}`],
    clientUrls: [],
    isLearner: false,
    instanceId,
  };
}

function hello(from: bigint, storageId = STORAGE): Hello {
  return { version: 1, clusterId: 9n, from, to: 1n, storageId };
}

/** The code with which `from` is refused by member 1, or null. */
function verdict(members: MembersTable, from: Hello, leader: bigint): number | null {
  return refusePeer(from, members, leader)?.code ?? null;
}

function table(): MembersTable {
  const members = new MembersTable();
  members.bootstrap([member(1n), member(2n), member(3n, new Uint8Array())]);
  return members;
}

Deno.test("refusePeer() lets members in, unless they lost their storage", () => {
  const members = table();
  assertEquals(verdict(members, hello(2n), 1n), null);
  assertEquals(verdict(members, hello(2n, new Uint8Array(16)), 1n), CloseCode.WrongStorage);
  // One that has not said yet what its storage is may have any.
  assertEquals(verdict(members, hello(3n, new Uint8Array(16)), 1n), null);
});

Deno.test("refusePeer() refuses removed members for good", () => {
  const members = table();
  assertEquals(members.apply({ kind: "remove", id: 2n }), null);
  for (const leader of [0n, 1n, 2n]) {
    assertEquals(verdict(members, hello(2n), leader), CloseCode.RemovedMember);
  }
});

Deno.test("refusePeer() lets a stranger in only when it may have the news", () => {
  const members = table();
  assertEquals(verdict(members, hello(4n), 1n), CloseCode.UnknownMember);
  assertEquals(verdict(members, hello(4n), 0n), null);
  assertEquals(verdict(members, hello(4n), 4n), null);
});
