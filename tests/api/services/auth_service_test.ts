import { assert, assertEquals, assertRejects } from "@std/assert";
import { type CallContext, PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { GrpcCode, RpcError } from "../../../src/api/errors.ts";
import { createServices, unaryMethods } from "../../../src/api/services/methods.ts";
import { ReplicaError } from "../../../src/replica/errors.ts";
import type {
  AuthRoleGetResponse,
  AuthStatusResponse,
  AuthUserGetResponse,
} from "../../../src/proto/auth.ts";
import { create } from "../../../src/proto/codec.ts";
import { LocalReplica } from "../local_replica.ts";

const AUTH = "/etcdserverpb.Auth/";

function setUp() {
  const replica = new LocalReplica();
  const methods = unaryMethods(createServices(replica));
  const call = (name: string, fields: object = {}, context: CallContext = PLAIN_CONTEXT) => {
    const method = methods.find((each) => each.name === AUTH + name);
    if (method === undefined) throw new Error(`There is no method ${name}`);
    return method.call(create(method.request, fields), context);
  };
  return { replica, call };
}

const PERMISSION = { permType: 0, key: new Uint8Array([1]), rangeEnd: new Uint8Array() };
const USER = "etcdserver: user name not found";
const ROLE = "etcdserver: role name not found";
/** What each method that finds nothing says. */
const REFUSALS: Readonly<Record<string, string>> = {
  AuthEnable: "etcdserver: root user does not exist",
  Authenticate: "etcdserver: authentication is not enabled",
  UserGet: USER,
  UserDelete: USER,
  UserChangePassword: USER,
  UserGrantRole: USER,
  UserRevokeRole: USER,
  RoleGet: ROLE,
  RoleDelete: ROLE,
  RoleGrantPermission: ROLE,
  RoleRevokePermission: ROLE,
};

Deno.test("AuthService says that authentication is off and that there is nobody", async () => {
  const { replica, call } = setUp();
  const { clusterId, memberId, term: raftTerm } = replica.status();
  const header = { clusterId, memberId, revision: 1, raftTerm };
  assertEquals(await call("AuthStatus"), { header, enabled: false, authRevision: 1 });
  assertEquals(await call("AuthDisable"), { header });
  assertEquals(await call("UserList"), { header, users: [] });
  assertEquals(await call("RoleList"), { header, roles: [] });
});

Deno.test("AuthService refuses with etcd's codes and texts", async () => {
  const { call } = setUp();
  for (const [name, text] of Object.entries(REFUSALS)) {
    const fields = name === "RoleGrantPermission" ? { perm: PERMISSION } : {};
    const error = await assertRejects(() => call(name, fields), RpcError);
    assertEquals([error.code, error.message], [GrpcCode.FailedPrecondition, text], name);
  }
  for (const [kind, name] of [["user", "UserAdd"], ["role", "RoleAdd"]]) {
    const empty = await assertRejects(() => call(name), RpcError);
    const text = `etcdserver: ${kind} name is empty`;
    assertEquals([empty.code, empty.message], [GrpcCode.InvalidArgument, text]);
  }
  await assertRejects(() => call("RoleGrantPermission"), RpcError, "permission not given");
});

Deno.test("AuthService keeps users and roles, and does not turn authentication on", async () => {
  const { call } = setUp();
  await call("RoleAdd", { name: "reader" });
  await call("RoleGrantPermission", { name: "reader", perm: PERMISSION });
  await call("UserAdd", { name: "root", password: "secret" });
  await assertRejects(() => call("AuthEnable"), RpcError, "root user does not have root role");
  for (const role of ["root", "reader"]) await call("UserGrantRole", { user: "root", role });
  const user = await call("UserGet", { name: "root" });
  assertEquals((user as AuthUserGetResponse).roles, ["reader", "root"]);
  const role = await call("RoleGet", { role: "reader" });
  assertEquals((role as AuthRoleGetResponse).perm, [PERMISSION]);
  const status = await call("AuthStatus");
  assertEquals((status as AuthStatusResponse).authRevision, 6);
  const error = await assertRejects(() => call("AuthEnable"), RpcError, "stays off");
  assertEquals(error.code, GrpcCode.Unimplemented);
});

Deno.test("AuthService gives passwords to the log as hashes alone, each with a salt of its own", async () => {
  const { replica, call } = setUp();
  const bodies: string[] = [];
  const propose = replica.propose.bind(replica);
  replica.propose = (kind, body, options) => {
    bodies.push(new TextDecoder().decode(body));
    return propose(kind, body, options);
  };
  await call("UserAdd", { name: "ann", password: "open sesame" });
  const passwordOf = (name: string) =>
    new TextDecoder().decode(replica.machine.auth.user(name)?.password);
  const first = passwordOf("ann");
  await call("UserChangePassword", { name: "ann", password: "open sesame" });
  await call("UserAdd", { name: "bob", password: "open sesame", options: { noPassword: true } });
  assert(bodies.every((body) => !body.includes("sesame")));
  const [, scheme, parameters, salt, hash] = first.split("$");
  assertEquals([scheme, parameters], ["pbkdf2-sha512", "i=210000"]);
  // What anybody can check who knows the password, with nothing but the text.
  const bits = { name: "PBKDF2", hash: "SHA-512", iterations: 210_000 };
  const secret = new TextEncoder().encode("open sesame");
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const derived = await crypto.subtle.deriveBits(
    { ...bits, salt: Uint8Array.fromBase64(salt) },
    key,
    512,
  );
  assertEquals(new Uint8Array(derived).toBase64(), hash);
  assert(passwordOf("ann") !== first);
  assertEquals(passwordOf("bob"), "");
});

Deno.test("AuthService says nothing without a quorum, and not on a learner", async () => {
  const { replica, call } = setUp();
  const names = unaryMethods(createServices(replica)).map(({ name }) => name)
    .filter((name) => name.startsWith(AUTH)).map((name) => name.slice(AUTH.length));
  assertEquals(names.length, 17);
  replica.state.refusal = new ReplicaError("timed out", "alone");
  for (const name of names) {
    await assertRejects(() => call(name), ReplicaError, "alone", name);
  }
  replica.state.isLearner = true;
  for (const name of names) {
    await assertRejects(() => call(name), RpcError, "rpc not supported for learner", name);
  }
});
