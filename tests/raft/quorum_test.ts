import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Configuration, configurationOf } from "../../src/raft/configuration.ts";
import { committedIndex, type VoteResult, voteResult } from "../../src/raft/quorum.ts";

type Vote = boolean | undefined;

function joint(voters: readonly bigint[], outgoing: readonly bigint[]): Configuration {
  return { ...configurationOf(voters), outgoing };
}

/** The second opinion: a majority is any subset of more than half, looked for by brute force. */
function isQuorum(voters: readonly bigint[], has: (id: bigint) => boolean): boolean {
  return voters.filter(has).length * 2 > voters.length;
}

function agree(configuration: Configuration, has: (id: bigint) => boolean): boolean {
  const { voters, outgoing } = configuration;
  return isQuorum(voters, has) && (outgoing.length === 0 || isQuorum(outgoing, has));
}

function naiveIndex(configuration: Configuration, indexOf: (id: bigint) => number): number {
  for (let index = 20; index > 0; index--) {
    if (agree(configuration, (id) => indexOf(id) >= index)) return index;
  }
  return 0;
}

function naiveVote(configuration: Configuration, voteOf: (id: bigint) => Vote): VoteResult {
  if (agree(configuration, (id) => voteOf(id) === true)) return "won";
  return agree(configuration, (id) => voteOf(id) !== false) ? "pending" : "lost";
}

const ids = fc.uniqueArray(fc.bigInt(1n, 7n), { minLength: 1, maxLength: 7 });
const configurations = fc.tuple(ids, fc.oneof(fc.constant([]), ids))
  .map(([voters, outgoing]) => joint(voters, outgoing));

Deno.test("committedIndex() agrees with the definition of a majority", () => {
  fc.assert(fc.property(
    configurations,
    fc.array(fc.nat(20), { minLength: 8, maxLength: 8 }),
    (configuration, indexes) => {
      const indexOf = (id: bigint) => indexes[Number(id)];
      assertEquals(committedIndex(configuration, indexOf), naiveIndex(configuration, indexOf));
    },
  ));
});

Deno.test("voteResult() agrees with the definition of a majority", () => {
  fc.assert(fc.property(
    configurations,
    fc.array(fc.constantFrom<Vote>(true, false, undefined), { minLength: 8, maxLength: 8 }),
    (configuration, votes) => {
      const voteOf = (id: bigint) => votes[Number(id)];
      assertEquals(voteResult(configuration, voteOf), naiveVote(configuration, voteOf));
    },
  ));
});

Deno.test("voteResult() of all votes of up to five voters agrees with the definition", () => {
  for (let size = 1; size <= 5; size++) {
    const configuration = configurationOf(Array.from({ length: size }, (_, i) => BigInt(i)));
    for (let code = 0; code < 3 ** size; code++) {
      const voteOf = (id: bigint): Vote =>
        [undefined, true, false][Math.floor(code / 3 ** Number(id)) % 3];
      assertEquals(voteResult(configuration, voteOf), naiveVote(configuration, voteOf));
    }
  }
});

Deno.test("committedIndex() reads as tables of what each voter has", () => {
  const rows: [number[], number][] = [
    [[5], 5],
    [[5, 3], 3],
    [[5, 3, 4], 4],
    [[5, 3, 4, 1], 3],
    [[5, 3, 4, 1, 9], 4],
    [[0, 0, 9], 0],
  ];
  for (const [indexes, expected] of rows) {
    const configuration = configurationOf(indexes.map((_, i) => BigInt(i)));
    assertEquals(committedIndex(configuration, (id) => indexes[Number(id)]), expected);
  }
});

Deno.test("quorum functions let a joint configuration agree only if both halves do", () => {
  const configuration = joint([1n, 2n, 3n], [4n, 5n, 6n]);
  assertEquals(committedIndex(configuration, (id) => id <= 3n ? 9 : 2), 2);
  assertEquals(voteResult(configuration, (id) => id <= 3n ? true : undefined), "pending");
  assertEquals(voteResult(configuration, (id) => id <= 3n), "lost");
  assertEquals(voteResult(configuration, () => true), "won");
});

Deno.test("quorum functions never let a configuration without voters agree", () => {
  assertEquals(committedIndex(configurationOf([]), () => 9), 0);
  assertEquals(voteResult(configurationOf([]), () => true), "lost");
});
