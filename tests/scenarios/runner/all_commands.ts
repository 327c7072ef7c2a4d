import type { Command } from "./command.ts";
import { breakpoint } from "./commands/breakpoint.ts";
import { campaign } from "./commands/campaign.ts";
import { change } from "./commands/change.ts";
import { cluster } from "./commands/cluster.ts";
import { compact } from "./commands/compact.ts";
import { crash } from "./commands/crash.ts";
import { cut } from "./commands/cut.ts";
import { deliver } from "./commands/deliver.ts";
import { disk } from "./commands/disk.ts";
import { log } from "./commands/log.ts";
import { lose } from "./commands/lose.ts";
import { messages } from "./commands/messages.ts";
import { propose } from "./commands/propose.ts";
import { read } from "./commands/read.ts";
import { restart } from "./commands/restart.ts";
import { settle } from "./commands/settle.ts";
import { slowDisk } from "./commands/slow_disk.ts";
import { status } from "./commands/status.ts";
import { tick } from "./commands/tick.ts";
import { transfer } from "./commands/transfer.ts";
import { unreachable } from "./commands/unreachable.ts";
import { write } from "./commands/write.ts";

/** The scenario language, by name. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    breakpoint,
    campaign,
    change,
    cluster,
    compact,
    crash,
    cut,
    deliver,
    disk,
    log,
    lose,
    messages,
    propose,
    read,
    restart,
    settle,
    slowDisk,
    status,
    tick,
    transfer,
    unreachable,
    write,
  ].map((command) => [command.name, command]),
);
