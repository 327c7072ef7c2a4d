import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type ApiReason,
  ERROR_TABLE,
  GrpcCode,
  httpStatus,
  RpcError,
  rpcError,
  toRpcError,
} from "../../src/api/errors.ts";
import { ReplicaError } from "../../src/replica/errors.ts";

const REASONS = Object.keys(ERROR_TABLE) as ApiReason[];

Deno.test("ERROR_TABLE gives every reason a code that HTTP can carry, and a text", () => {
  const codes = new Set<number>(Object.values(GrpcCode));
  for (const reason of REASONS) {
    const [code, text] = ERROR_TABLE[reason];
    assert(codes.has(code) && code !== GrpcCode.Ok, reason);
    assert(httpStatus(code) >= 400 && httpStatus(code) < 600, reason);
    assert(/^(etcdserver: |kvorum: |context )\S/.test(text), reason);
  }
});

Deno.test("ERROR_TABLE gives a text to one code only, so that the text finds the code", () => {
  const codeOf = new Map<string, number>();
  for (const [code, text] of Object.values(ERROR_TABLE)) {
    assertEquals(codeOf.get(text) ?? code, code, text);
    codeOf.set(text, code);
  }
});

Deno.test("httpStatus() knows every code", () => {
  const expected: Record<number, number[]> = {
    200: [0],
    400: [3, 9, 11],
    401: [16],
    403: [7],
    404: [5],
    409: [6, 10],
    429: [8],
    499: [1],
    500: [2, 13, 15],
    501: [12],
    503: [14],
    504: [4],
  };
  for (const [status, codes] of Object.entries(expected)) {
    for (const code of codes) assertEquals(httpStatus(code as GrpcCode), Number(status));
  }
});

Deno.test("toRpcError() keeps what is an RpcError and translates a replica's reasons", () => {
  const error = rpcError("compacted");
  assertStrictEquals(toRpcError(error), error);
  for (const reason of ["no leader", "timed out", "stopped", "request too large"] as const) {
    const { code, message } = toRpcError(new ReplicaError(reason, "explained"));
    assertEquals([code, message], [...ERROR_TABLE[reason]]);
  }
  assertEquals(toRpcError(new DOMException("", "AbortError")).code, GrpcCode.Canceled);
  assertEquals(toRpcError(new DOMException("", "TimeoutError")).code, GrpcCode.DeadlineExceeded);
});

Deno.test("toRpcError() says nothing of an unforeseen error but keeps it for the log", () => {
  const cause = new TypeError("a secret");
  const error = toRpcError(cause);
  assert(error instanceof RpcError);
  assertEquals([error.code, error.message], [GrpcCode.Internal, "kvorum: internal error"]);
  assertStrictEquals(error.cause, cause);
});
