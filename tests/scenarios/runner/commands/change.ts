import type { MemberChange } from "../../../../src/raft/configuration_change.ts";
import { change as makeChange } from "../../../raft/harness/builders.ts";
import type { Command } from "../command.ts";

const KINDS: Record<string, MemberChange["kind"]> = {
  "+": "addVoter",
  "?": "addLearner",
  "-": "remove",
};

/** Proposes a change: +4 adds a voter, ?4 a learner, -4 removes; without any it leaves joint. */
export const change: Command = {
  name: "change",
  usage: "change 1 +4 ?5 -3 [joint|jointExplicit] [force]",
  run(stage, args) {
    const changes = args.words.slice(1).filter((word) => KINDS[word[0]] !== undefined)
      .map((word) => ({ kind: KINDS[word[0]], id: BigInt(word.slice(1)) }));
    const transition = args.has("joint")
      ? "joint"
      : args.has("jointExplicit")
      ? "jointExplicit"
      : "auto";
    const { node } = stage.replica(args.replica);
    const force = args.has("force");
    const result = node.proposeConfiguration(makeChange(changes, transition), { force });
    if (result !== "accepted") stage.print(result);
    stage.cluster.run();
  },
};
