import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../src/server/command_error.ts";
import { environmentName, type FlagSpec, parseFlags } from "../../src/server/flags.ts";

const SPECS: FlagSpec[] = [
  { name: "data-dir", kind: "string", default: "here", help: "" },
  { name: "port", kind: "number", default: "2379", help: "" },
  { name: "fast", kind: "boolean", default: "false", help: "" },
];

Deno.test("parseFlags() reads every way in which etcd lets a flag be written", () => {
  for (
    const args of [["--port", "1"], ["--port=1"], ["-port", "1"], ["-port=1"], [
      "--port=9",
      "--port=1",
    ]]
  ) {
    assertEquals(parseFlags(SPECS, args).number("port"), 1, args.join(" "));
  }
  assertEquals(parseFlags(SPECS, ["--fast"]).boolean("fast"), true);
  assertEquals(parseFlags(SPECS, ["--fast=false"]).boolean("fast"), false);
  assertEquals(parseFlags(SPECS, ["--data-dir=a=b"]).get("data-dir"), "a=b");
  assertEquals(parseFlags(SPECS, []).get("data-dir"), "here");
});

Deno.test("parseFlags() takes the environment for what is not given", () => {
  const environment = (name: string) => ({ ETCD_PORT: "7", ETCD_DATA_DIR: "there" })[name];
  const flags = parseFlags(SPECS, ["--port", "8"], environment);
  assertEquals(flags.number("port"), 8);
  assertEquals(flags.get("data-dir"), "there");
  assertEquals([flags.isGiven("data-dir"), flags.isGiven("fast")], [true, false]);
  assertEquals(environmentName("initial-cluster-state"), "ETCD_INITIAL_CLUSTER_STATE");
});

Deno.test("parseFlags() says what is wrong with a flag and what to do", () => {
  const cases: [string[], string][] = [
    [["--data", "x"], "Unknown flag --data: did you mean --data-dir? See --help"],
    [["--zebra"], "Unknown flag --zebra: see --help"],
    [["stray"], 'Unexpected "stray": see --help'],
    [["--port"], "Flag --port needs a value: --port VALUE"],
    [["--port", "x"], '--port must be a whole number: it is "x"'],
    [["--port=-1"], '--port must be a whole number: it is "-1"'],
    [["--fast=maybe"], '--fast must be true or false: it is "maybe"'],
  ];
  for (const [args, message] of cases) {
    const error = assertThrows(() => parseFlags(SPECS, args), CommandError);
    assertEquals(error.message, message);
  }
  const error = assertThrows(() => parseFlags(SPECS, [], () => "x"), CommandError);
  assertEquals(error.message, 'ETCD_PORT must be a whole number: it is "x"');
});
