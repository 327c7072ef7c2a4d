// The examples of RFC 7541 appendix C: blocks that one decoder reads in a row, with its table's size.
import { assert, assertEquals } from "@std/assert";
import { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";

const FILE = new URL("../../vectors/http2/hpack.txt", import.meta.url);

Deno.test("HpackDecoder.decode() reads the examples of RFC 7541", () => {
  let blocks = 0;
  for (const example of Deno.readTextFileSync(FILE).trim().split("\n\n")) {
    const [title, table, ...lines] = example.split("\n");
    const decoder = new HpackDecoder(65_536, Number(table.slice("table ".length)));
    let fields: string[] = [];
    for (const line of lines) {
      if (/^[0-9a-f]+$/.test(line)) {
        assertEquals(fields, [], title);
        const block = Uint8Array.fromHex(line);
        const list = decoder.decode(block, 0, block.length);
        fields = list.fields.map(({ name, value }) => `${name}: ${value}`);
        blocks++;
      } else {
        assertEquals(fields.shift(), line, title);
      }
    }
    assertEquals(fields, [], title);
  }
  assert(blocks === 16);
});
