import type { Command } from "../command.ts";
import { describeEntry } from "../describe.ts";

/** What is on the disks of the replicas named, or of all. */
export const log: Command = {
  name: "log",
  usage: "log [1 2]",
  run(stage, args) {
    for (const { id, disk } of stage.cluster.replicas.values()) {
      if (args.words.length > 0 && !args.has(`${id}`)) continue;
      const parts = disk.entries.map(describeEntry);
      if (disk.snapshot !== null) {
        parts.unshift(`snapshot ${disk.snapshot.index}/${disk.snapshot.term}`);
      }
      stage.print(`${id}: ${parts.length === 0 ? "nothing" : parts.join(", ")}`);
    }
  },
};
