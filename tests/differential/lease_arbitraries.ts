/** Requests of the Lease service. None expires meanwhile: the two servers' clocks are not one. */
import fc from "fast-check";
import { LEASES } from "./kv_arbitraries.ts";
import { type Call, call, rawCall } from "./sequence.ts";

const id = fc.constantFrom(...LEASES, ...LEASES, ...LEASES, "404", 0);
const path = (name: string) => fc.constantFrom(`/v3/lease/${name}`, `/v3/kv/lease/${name}`);

const ttl = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<unknown>(60, "600", 9_000_000_000) },
  { weight: 1, arbitrary: fc.constant(9_000_000_001) },
);
const grant = fc.oneof(
  { weight: 6, arbitrary: fc.record({ TTL: ttl, ID: id }) },
  { weight: 1, arbitrary: fc.record({ TTL: ttl }) },
).map((request) => call("/v3/lease/grant", request));

const revoke = fc.tuple(path("revoke"), id).map(([path, ID]) => call(path, { ID }));

const timeToLive = fc.tuple(
  path("timetolive"),
  fc.record({ ID: id, keys: fc.boolean() }, { requiredKeys: ["ID"] }),
).map(([path, request]) => call(path, request));

const leases = path("leases").map((path) => call(path, {}));

/** The stream of keep-alives ends when its body does. */
const keepAlive = fc.array(id, { maxLength: 3 }).map((ids) =>
  rawCall("/v3/lease/keepalive", ids.map((ID) => JSON.stringify({ ID })).join("\n"))
);

export const leaseCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: grant },
  { weight: 2, arbitrary: revoke },
  { weight: 2, arbitrary: timeToLive },
  { weight: 1, arbitrary: leases },
  { weight: 1, arbitrary: keepAlive },
);
