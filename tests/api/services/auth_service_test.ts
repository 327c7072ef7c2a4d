import { assertEquals, assertRejects } from "@std/assert";
import { type CallContext, PLAIN_CONTEXT } from "../../../src/api/call_context.ts";
import { GrpcCode, RpcError } from "../../../src/api/errors.ts";
import { createServices, unaryMethods } from "../../../src/api/services/methods.ts";
import { ReplicaError } from "../../../src/replica/errors.ts";
import { create } from "../../../src/proto/codec.ts";
import { LocalReplica } from "../local_replica.ts";

function setUp() {
  const replica = new LocalReplica();
  const methods = unaryMethods(createServices(replica));
  const call = (name: string, fields: object = {}, context: CallContext = PLAIN_CONTEXT) => {
    const method = methods.find((each) => each.name === `/etcdserverpb.Auth/${name}`);
    if (method === undefined) throw new Error(`There is no method ${name}`);
    return method.call(create(method.request, fields), context);
  };
  return { replica, call };
}

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
    const error = await assertRejects(() => call(name), RpcError);
    assertEquals([error.code, error.message], [GrpcCode.FailedPrecondition, text], name);
  }
  for (const kind of ["user", "role"]) {
    const name = kind === "user" ? "UserAdd" : "RoleAdd";
    const empty = await assertRejects(() => call(name), RpcError);
    const text = `etcdserver: ${kind} name is empty`;
    assertEquals([empty.code, empty.message], [GrpcCode.InvalidArgument, text]);
    const error = await assertRejects(() => call(name, { name: "ann" }), RpcError);
    assertEquals(error.code, GrpcCode.Unimplemented);
  }
});

Deno.test("AuthService says nothing without a quorum, and not on a learner", async () => {
  const { replica, call } = setUp();
  const names = [...Object.keys(REFUSALS), "AuthStatus", "AuthDisable", "UserList", "RoleList"];
  replica.state.refusal = new ReplicaError("timed out", "alone");
  for (const name of names) {
    await assertRejects(() => call(name), ReplicaError, "alone", name);
  }
  replica.state.isLearner = true;
  for (const name of names) {
    await assertRejects(() => call(name), RpcError, "rpc not supported for learner", name);
  }
});
