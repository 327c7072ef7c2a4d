// The vectors were made by Go's protobuf library from etcd's definitions: for each message its
// name, its binary form in hex ("-" for none) and its JSON, which is protojson's with .proto names.
import { assert, assertEquals } from "@std/assert";
import { decode, encodeToBytes } from "../../src/proto/codec.ts";
import { fromJson, toJson } from "../../src/proto/json.ts";
import { ALL_SCHEMAS, schemaNamed, withoutHandMade } from "./all_schemas.ts";

const FOLDER = new URL("../vectors/proto/", import.meta.url);

interface Vector {
  name: string;
  bytes: Uint8Array;
  json: string;
}

function readVectors(): Vector[] {
  const vectors: Vector[] = [];
  for (const file of Deno.readDirSync(FOLDER)) {
    const text = Deno.readTextFileSync(new URL(file.name, FOLDER));
    for (const part of text.trim().split("\n\n")) {
      const [name, hex, json] = part.split("\n");
      vectors.push({ name, bytes: Uint8Array.fromHex(hex === "-" ? "" : hex), json });
    }
  }
  return vectors;
}

Deno.test("decode(), encode(), toJson() and fromJson() agree with protobuf's own library", () => {
  const covered = new Set<string>();
  for (const { name, bytes, json } of readVectors()) {
    covered.add(name);
    const hybrid = schemaNamed(name);
    for (const schema of [hybrid, withoutHandMade(hybrid)]) {
      const message = decode(schema, bytes);
      assertEquals(toJson(schema, message), json, name);
      assertEquals(encodeToBytes(schema, message), bytes, `${name} ${json}`);
      assertEquals(fromJson(schema, JSON.parse(json)), message, `${name} ${json}`);
    }
  }
  assertEquals(ALL_SCHEMAS.filter((schema) => !covered.has(schema.name)), []);
  assert(covered.size > 110);
});
