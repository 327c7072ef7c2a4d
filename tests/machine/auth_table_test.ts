import { assertEquals } from "@std/assert";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { EMPTY_BYTES } from "../../src/base/bytes.ts";
import { AuthTable } from "../../src/machine/auth_table.ts";
import { bytes } from "./batches.ts";

function permission(key: string, rangeEnd = "", permType = 0) {
  return { permType, key: bytes(key), rangeEnd: bytes(rangeEnd) };
}

function restored(table: AuthTable, into = new AuthTable()): AuthTable {
  const writer = new ByteWriter();
  table.snapshot(writer);
  into.restore(new ByteReader(writer.copy()));
  return into;
}

/** Everything that a table tells. */
function contents(table: AuthTable) {
  return {
    revision: table.revision,
    users: table.users().map((name) => table.user(name)),
    roles: table.roles().map((name) => [name, table.permissions(name)]),
  };
}

Deno.test("AuthTable counts every change, and no refusal", () => {
  const table = new AuthTable();
  const steps: [string | null, number][] = [
    [table.addUser("", EMPTY_BYTES, false), table.revision],
    [table.addUser("ann", bytes("hash"), false), table.revision],
    [table.addUser("ann", bytes("hash"), false), table.revision],
    [table.grantRole("ann", "reader"), table.revision],
    [table.addRole("reader"), table.revision],
    [table.addRole("reader"), table.revision],
    [table.grantRole("ann", "reader"), table.revision],
    [table.grantRole("ann", "reader"), table.revision],
    [table.grantRole("ann", "root"), table.revision],
    [table.revokeRole("ann", "writer"), table.revision],
    [table.changePassword("bob", EMPTY_BYTES), table.revision],
    [table.deleteRole("reader"), table.revision],
    [table.deleteRole("reader"), table.revision],
    [table.deleteUser("bob"), table.revision],
  ];
  assertEquals(steps, [
    ["user name empty", 1],
    [null, 2],
    ["user exists", 2],
    ["role not found", 2],
    [null, 3],
    ["role exists", 3],
    [null, 4],
    [null, 4],
    [null, 5],
    ["role not granted", 5],
    ["user not found", 5],
    [null, 6],
    ["role not found", 6],
    ["user not found", 6],
  ]);
  assertEquals(table.user("ann")?.roles, ["root"]);
});

Deno.test("AuthTable keeps one permission for each interval, sorted, and takes no empty one", () => {
  const table = new AuthTable();
  table.addRole("r");
  for (
    const each of [permission("b"), permission("a", "c"), permission("a"), permission("z", "\0")]
  ) {
    assertEquals(table.grantPermission("r", each), null);
  }
  assertEquals(table.grantPermission("r", permission("a", "c", 2)), null);
  assertEquals(table.permissions("r"), [
    permission("a"),
    permission("a", "c", 2),
    permission("b"),
    permission("z", "\0"),
  ]);
  for (const each of [permission(""), permission("b", "a"), permission("b", "b")]) {
    assertEquals(table.grantPermission("r", each), "invalid auth management");
  }
  assertEquals(table.grantPermission("r", undefined), "permission not given");
  assertEquals(table.grantPermission("none", permission("a")), "role not found");
  assertEquals(table.revokePermission("r", permission("a", "b")), "permission not granted");
  assertEquals(table.revokePermission("r", permission("a", "c")), null);
  assertEquals(table.permissions("r")?.length, 3);
});

Deno.test("AuthTable says that root may do everything, whatever it was granted", () => {
  const table = new AuthTable();
  assertEquals(table.permissions("root"), null);
  table.addRole("root");
  assertEquals(table.permissions("root"), [permission("", "\0", 2)]);
});

Deno.test("AuthTable.restore() gives back what snapshot() wrote, and nothing when there was none", () => {
  const table = new AuthTable();
  assertEquals(contents(restored(table)), { revision: 1, users: [], roles: [] });
  for (const name of ["zoë", "ann", "\u{10000}", "\u{ffff}"]) {
    table.addRole(name);
    table.addUser(name, bytes(`hash of ${name}`), name === "ann");
  }
  table.grantRole("ann", "zoë");
  table.grantPermission("ann", permission("a", "b", 1));
  assertEquals(table.users(), ["ann", "zoë", "\u{ffff}", "\u{10000}"]);
  const copy = restored(table);
  assertEquals(contents(copy), contents(table));
  assertEquals(contents(restored(new AuthTable(), copy)), { revision: 1, users: [], roles: [] });
});
