/** Requests whose answers etcd and Kvorum have to agree on, in the order in which they are sent. */

/** One request, or one where etcd's answer is not ours, and why. */
export interface Case {
  readonly path: string;
  readonly body?: string;
  readonly method?: string;
}

const a = '"key":"YQ=="';
const post = (path: string, ...bodies: string[]): Case[] =>
  bodies.map((body) => ({ path: `/v3/${path}`, body }));
const puts = (count: number) =>
  Array.from({ length: count }, (_, i) => `{"request_put":{"key":"${btoa(`k${i}`)}"}}`).join(",");
const nested = (depth: number) =>
  '{"success":[{"request_txn":'.repeat(depth) + "{}" + "}]}".repeat(depth);
const valueOf = (byteLength: number) => btoa("x".repeat(byteLength));

/** Good requests: they build up the data that the others meet. */
export const GOOD: readonly Case[] = [
  ...post(
    "kv/put",
    `{${a},"value":"YQ=="}`,
    `{${a},"value":"Yg==","prev_kv":true}`,
    `{${a},"prevKv":true}`,
    `{${a},"value":"Yw==","lease":"0","unknown":[{}]}`,
    `{${a},"ignore_value":true,"prev_kv":true}`,
    `{${a},"ignore_lease":true}`,
    `{"key":"YWE=","value":"MQ=="}`,
    `{"key":"YWI=","value":"Mg=="}`,
    `{"key":"Yg==","value":"Mw=="}`,
    `{"key":"/////w==","value":"AP8="}`,
    `{"key":"YQ==\\n"}`,
    `{"key":"YR=="}`,
    `{"key":"Yg==","key":"Yw=="}`,
    `{"\\ud800":1,${a}}`,
    ` {${a}} trailing`,
    `{${a}}{"key":"Yg=="}`,
    `{${a},"lease":null,"value":null}`,
  ),
  ...post(
    "kv/range",
    `{${a}}`,
    `{${a},"range_end":"Yg=="}`,
    `{${a},"rangeEnd":"Yg==","limit":1}`,
    `{${a},"range_end":"Yg==","limit":"2","sort_order":"DESCEND"}`,
    `{${a},"range_end":"Yg==","sort_order":2,"sort_target":"MOD"}`,
    `{${a},"range_end":"Yg==","sort_order":"ASCEND","sort_target":4,"keys_only":true}`,
    `{${a},"range_end":"AA==","keys_only":true}`,
    `{${a},"range_end":"AA==","count_only":true}`,
    `{"key":"AA==","range_end":"AA==","limit":-1}`,
    `{${a},"range_end":"YA=="}`,
    `{${a},"range_end":"YQ=="}`,
    `{${a},"revision":2}`,
    `{${a},"revision":"3","serializable":true}`,
    `{${a},"revision":-5}`,
    `{"key":"AA==","range_end":"AA==","min_mod_revision":"8"}`,
    `{"key":"AA==","range_end":"AA==","max_create_revision":"8","limit":1}`,
    `{"key":"bm9uZQ=="}`,
  ),
  { path: "/v3beta/kv/range", body: `{${a}}` },
  ...post(
    "kv/txn",
    "{}",
    "",
    `{"success":null}`,
    `{"compare":[{${a},"target":"VALUE","value":"YQ=="}],"failure":[{"request_range":{${a}}}]}`,
    `{"compare":[{${a},"target":"VERSION","result":"GREATER","version":"0"}],` +
      `"success":[{"request_put":{${a},"value":"dHhu","prev_kv":true}},` +
      `{"requestRange":{${a}}},{"request_delete_range":{"key":"Yg==","prev_kv":true}},` +
      `{"request_txn":{"success":[{"request_put":{"key":"bmVzdGVk"}}]}}]}`,
    `{"compare":[{"key":"bm9uZQ==","target":"CREATE"}],"success":[{"request_range":{${a}}}]}`,
    `{"compare":[{"key":"bm9uZQ==","target":"MOD","mod_revision":9223372036854775807,` +
      `"result":"LESS"}]}`,
    `{"compare":[{${a},"target":"LEASE","lease":"0"},{${a},"target":0,"result":3}]}`,
    `{"compare":[{"key":"AA==","range_end":"AA==","target":"CREATE","result":"GREATER"}]}`,
    `{"success":[{"request_delete_range":{"key":"bm9uZQ=="}}]}`,
    `{"success":[${puts(128)}]}`,
    nested(10),
  ),
  ...post(
    "kv/deleterange",
    `{"key":"bm9uZQ=="}`,
    `{"key":"YWE=","prev_kv":true}`,
    `{"key":"az==","range_end":"bA=="}`,
    `{"key":"AA==","range_end":"AA==","prev_kv":true}`,
  ),
  ...post("kv/put", `{${a},"value":"bGFzdA=="}`),
  ...post("kv/compaction", "{}", `{"revision":10}`, `{"revision":"11","physical":true}`),
  ...post("kv/range", `{${a},"revision":11}`),
  ...post("cluster/member/list", "", "{}", `{"linearizable":true}`),
  ...post("lease/grant", `{"TTL":1000,"ID":77}`, `{"TTL":"-5","ID":"-3"}`),
  ...post("lease/revoke", `{"ID":-3}`),
  ...post("kv/put", `{"key":"bGVhc2Vk","lease":77}`),
  ...post("lease/keepalive", `{"ID":77}`, `{"ID":77} {"ID":6}`, `{"ID":77}{"ID":"x"}{"ID":77}`, ""),
  ...post("lease/timetolive", `{"ID":77}`, `{"ID":"77","keys":true}`, `{"ID":6}`),
  ...post("kv/lease/timetolive", `{"ID":6,"keys":true}`),
  ...post("lease/leases", "", "{}"),
  ...post("kv/lease/leases", "{}"),
  ...post("kv/lease/revoke", `{"ID":77}`),
  ...post("lock/unlock", `{"key":"bm9uZQ=="}`),
  ...post("election/resign", `{"leader":{"name":"YQ==","key":"YQ==","rev":"1"}}`),
  ...post("auth/disable", "{}", ""),
  ...post("auth/user/list", "{}"),
  ...post("auth/role/list", "{}"),
  ...post("auth/role/add", `{"name":"r"}`),
  ...post("auth/role/grant", `{"name":"r","perm":{${a},"permType":"WRITE"}}`),
  ...post("auth/role/grant", `{"name":"r","perm":{${a},"range_end":"AA==","permType":2}}`),
  ...post("auth/role/get", `{"role":"r"}`),
  ...post("auth/role/revoke", `{"role":"r",${a},"range_end":"AA=="}`),
  ...post("auth/user/add", `{"name":"ann","password":"secret"}`),
  ...post("auth/user/grant", `{"user":"ann","role":"r"}`),
  ...post("auth/user/get", `{"name":"ann"}`),
  ...post("auth/user/revoke", `{"name":"ann","role":"r"}`),
  ...post("auth/user/changepw", `{"name":"ann","password":"other"}`),
  ...post("auth/user/delete", `{"name":"ann"}`),
  ...post("auth/role/delete", `{"role":"r"}`),
];

/** Requests that are refused. They may not change anything. */
export const BAD: readonly Case[] = [
  ...post("kv/put", `{}`, "", " ", "null", `{"key":""}`, `{"key":null}`, `{"KEY":"YQ=="}`),
  ...post("kv/put", "}", "nope", "[]", '"x"', "5", "true", "{", '{"ke', `{"key"`, `{"key":`),
  ...post("kv/put", `{${a}`, `{${a},}`, `{${a} "value":""}`, `{key:"YQ=="}`, "{'key':1}"),
  ...post("kv/put", `{"key":"YQ==\\x"}`, `{"key":"\u0001"}`, "\ufeff{}", `{${a},"lease":01}`),
  ...post("kv/put", `{${a},"lease":-}`, `{${a},"lease":tru}`, `{${a},"lease":1.}`),
  ...post("kv/put", `{"key":5}`, `{${a},"value":{}}`, `{${a},"value":true}`, `{"key":[300]}`),
  ...post("kv/put", `{"key":"%%%"}`, `{"key":"Y Q=="}`, `{"key":"YWJjZ"}`, `{"key":"YWJj="}`),
  ...post("kv/put", `{"key":"YWJj!WFi"}`, `{"key":"YQ==YQ=="}`, `{"key":"="}`, `{"key":"YQ=a"}`),
  ...post("kv/put", `{${a},"lease":"abc"}`, `{${a},"lease":""}`, `{${a},"lease":"0x10"}`),
  ...post("kv/put", `{${a},"lease":1.5}`, `{${a},"lease":true}`, `{${a},"lease":[]}`),
  ...post("kv/put", `{${a},"lease":{}}`, `{${a},"lease":9223372036854775808}`),
  ...post("kv/put", `{${a},"lease":"-9223372036854775809"}`, `{${a},"lease":1e99}`),
  ...post("kv/put", `{${a},"prev_kv":"true"}`, `{${a},"prev_kv":1}`, `{"prev_kv":1,"key":5}`),
  ...post("kv/put", `{${a},"value":"YQ==","ignore_value":true}`),
  ...post("kv/put", `{${a},"lease":5,"ignore_lease":true}`, `{${a},"lease":5}`),
  ...post("kv/put", `{${a},"lease":9223372036854775807}`, `{"key":"bm9uZQ==","ignore_value":true}`),
  ...post("kv/put", `{"key":"bm9uZQ==","ignore_lease":true}`),
  ...post("kv/range", "{}", `{${a},"revision":1000000}`, `{${a},"revision":5}`),
  ...post("kv/range", `{${a},"revision":99999999999999999999}`, `{${a},"sort_order":true}`),
  ...post("kv/range", `{${a},"sort_order":1.5}`, `{${a},"sort_order":99999999999}`),
  ...post("kv/range", `{${a},"sort_target":[]}`, `{${a},"limit":"many"}`),
  ...post("kv/deleterange", "{}", `{"key":""}`, `{"key":{}}`),
  ...post("kv/compaction", `{"revision":1000000}`, `{"revision":5}`, `{"revision":11}`),
  ...post("kv/compaction", `{"revision":-1}`, `{"revision":"x"}`),
  ...post("kv/txn", `{"success":[{}]}`, `{"success":{"a":1}}`, `{"success":[5]}`),
  ...post("kv/txn", `{"compare":[{"target":"MOD"}]}`, `{"success":[{"request_put":{}}]}`),
  ...post("kv/txn", `{"failure":[{"request_range":{}}]}`),
  ...post("kv/txn", `{"success":[{"request_delete_range":{}}]}`),
  ...post("kv/txn", `{"success":[{"request_put":{${a}}},{"request_put":{${a}}}]}`),
  ...post(
    "kv/txn",
    `{"success":[{"request_put":{${a}}},{"request_txn":{"failure":[{"request_put":{${a}}}]}}]}`,
    `{"failure":[{"request_put":{${a}}},{"request_delete_range":{${a}}}]}`,
    `{"success":[{"request_put":{${a},"lease":5}}]}`,
    `{"success":[{"request_put":{"key":"bm9uZQ==","ignore_value":true}}]}`,
    `{"success":[{"request_put":{${a}}},{"request_range":{${a},"revision":1000000}}]}`,
    `{"success":[{"request_put":{${a}}},{"request_range":{${a},"revision":5}}]}`,
    `{"success":[{"request_range":{${a},"revision":5}}]}`,
    `{"success":[${puts(129)}]}`,
    `{"compare":[${`{${a}},`.repeat(128)}{${a}}]}`,
    nested(4_000),
    `{"unknown":${"[".repeat(11_000)}${"]".repeat(11_000)}}`,
  ),
  ...post("kv/put", `{${a},"value":"${valueOf(1_572_864)}"}`),
  ...post("kv/put", `{${a},"value":"${valueOf(2_097_100)}"}`),
  ...post("kv/put", `{${a},"value":"${valueOf(2_097_152)}"}`),
  ...post("kv/nothing", "{}"),
  ...post("kv/range/", "{}"),
  ...post("", "{}"),
  { path: "/v3alpha/kv/range", body: "{}" },
  { path: "/nothing", method: "GET" },
  { path: "/", method: "GET" },
  { path: "/v3/kv/range", method: "GET" },
  { path: "/v3/kv/range", method: "PUT", body: "{}" },
  { path: "/v3/kv/range", method: "DELETE" },
  { path: "/v3/kv/nothing", method: "GET" },
  { path: "/v3/watch", method: "GET" },
  { path: "/health", method: "POST" },
  { path: "/version", method: "POST" },
  ...post("lease/grant", `{"TTL":9000000001}`, `{"TTL":"x"}`),
  ...post("lease/revoke", "{}", `{"ID":77}`),
  ...post("lease/keepalive", `{"ID":"x"}`, `{"ID":`, "[]"),
  { path: "/v3/lease/keepalive", method: "GET" },
  ...post("watch", `{"create_request":`, `{"create_request":{"key":5}}`, "[]"),
  ...post("watch", `{"create_request":{"filters":"NOPUT"}}`, "}"),
  ...post("lock/lock", `{"name":"YQ==","lease":"12345"}`, `{"name":5}`),
  ...post("lock/unlock", "{}", `{"key":""}`),
  ...post("election/leader", `{"name":"bm9uZQ=="}`, "{}"),
  ...post("election/proclaim", "{}", `{"leader":{"name":"YQ==","key":"YQ==","rev":"1"}}`),
  ...post("election/resign", "{}"),
  ...post("election/campaign", `{"name":"YQ==","lease":"12345"}`),
  ...post("election/observe", `{"name":5}`),
  ...post("auth/user/add", "{}", `{"name":"","password":"secret"}`, `{"name":5}`),
  ...post("auth/role/add", "{}", `{"name":[]}`),
  { path: "/v3/auth/user/list", method: "GET" },
];

/** A watch: what the client says, and how many lines it waits for. */
export interface WatchCase {
  readonly body: string;
  readonly lines: number;
}

/** Watches after everything else. */
export const WATCHES: readonly WatchCase[] = [
  { body: `{"create_request":{${a}}}`, lines: 1 },
  { body: `{"createRequest":{${a},"startRevision":"12"}}`, lines: 2 },
  { body: `{"create_request":{"key":"AA==","range_end":"AA==","start_revision":12}}`, lines: 2 },
  {
    body: `{"create_request":{"key":"AA==","range_end":"AA==","start_revision":12,` +
      `"prev_kv":true,"filters":["NOPUT"]}}`,
    lines: 2,
  },
  { body: `{"create_request":{${a},"start_revision":2}}`, lines: 2 },
  {
    body: `{"create_request":{${a}}} {"create_request":{${a},"range_end":"YA=="}}\n` +
      `{"cancel_request":{"watch_id":"0"}}{"progress_request":{}} garbage`,
    lines: 3,
  },
  {
    body: `{"create_request":{${a},"watch_id":7}}{"create_request":{${a},"watch_id":7}}`,
    lines: 2,
  },
];
