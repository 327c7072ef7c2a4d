import { assert, assertEquals } from "@std/assert";
import { ascii } from "../http2/raw_client.ts";
import { attack } from "./attack.ts";
import { FUZZED } from "./conversation.ts";
import { Crowd, idleStreams } from "./crowd.ts";
import { fuzz } from "./fuzz.ts";
import { FuzzTarget } from "./target.ts";
import { Witness } from "./witness.ts";

/** Inputs for each port. Together 5,000. */
const INPUTS = 1_250;
const SEED = 1;
/** What a heap may grow by while a few thousand requests pass through it. */
const GROWTH_BYTES_MAX = 160 * 1_048_576;
const CROWD = 500;
const CROWD_BYTES_MAX = 128 * 1_048_576;
const REGRESSIONS = new URL("./regressions/", import.meta.url);

Deno.test("kvorum serve withstands hostile input on each port, and other clients do not notice", async () => {
  await using target = await FuzzTarget.start();
  for (const port of FUZZED) {
    const result = await fuzz(target, { port, seed: SEED, inputs: INPUTS });
    assertEquals(result.failures, [], port);
    const [warm, end] = result.residentBytes;
    assert(end - warm < GROWTH_BYTES_MAX, `${port}: ${warm} bytes grew to ${end}`);
    assert(result.witnessRounds > 0);
  }
  for (const { name } of Deno.readDirSync(REGRESSIONS)) {
    const [port] = name.split("-");
    const fuzzed = FUZZED.find((each) => each === port);
    assert(fuzzed !== undefined, `${name} names no port`);
    const hex = Deno.readTextFileSync(new URL(name, REGRESSIONS)).trim();
    const input = { pieces: [Uint8Array.fromHex(hex)], pauseMs: 0, isAbrupt: false };
    const outcome = await attack(target.port(fuzzed), input);
    assert(outcome !== "hung", name);
  }
});

Deno.test("kvorum serve bears a crowd of idle connections and streams", async () => {
  await using target = await FuzzTarget.start();
  const witness = new Witness(target.server);
  const before = await target.residentBytes();
  using _silent = await Crowd.gather(target.port("json"), CROWD, new Uint8Array());
  using _unfinished = await Crowd.gather(target.port("json"), CROWD, ascii("POST /v3/kv/put HTTP"));
  using _streams = await Crowd.gather(target.port("grpc"), 4, idleStreams(CROWD));
  using _strangers = await Crowd.gather(target.port("peer"), CROWD, ascii("GET /kvorum/peer HTTP"));
  const rounds = witness.rounds;
  while (witness.rounds < rounds + 20 && !witness.hasFailed) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const grown = await target.residentBytes() - before;
  await witness.stop();
  assertEquals(target.complaints(), []);
  assert(grown < CROWD_BYTES_MAX, `${grown} bytes for the crowd`);
});
