import { assert } from "@std/assert";
import { Machine } from "../../src/machine/machine.ts";
import { ResponseHeader } from "../../src/proto/header.ts";
import { Event, KeyValue } from "../../src/proto/key_value.ts";
import {
  Compare,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../../src/proto/kv.ts";
import { WatchResponse } from "../../src/proto/watch.ts";

Deno.test("Machine brings what servers read and write by hand", () => {
  assert(new Machine().store.revision === 1);
  for (const { name, handMade } of [PutRequest, RangeRequest, Compare, RequestOp, TxnRequest]) {
    assert(handMade.merge !== undefined && handMade.write !== undefined, name);
  }
  const answers = [ResponseHeader, KeyValue, Event, PutResponse, RangeResponse, ResponseOp];
  for (const { name, handMade } of [...answers, TxnResponse, WatchResponse]) {
    assert(handMade.write !== undefined, name);
  }
});
