import type { PlannedReplica } from "./start_flags.ts";

/** A line of a replica's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Tells what becomes of a replica's process. */
export interface ProcessListener {
  onLine(line: LogLine): void;
  /** The process has ended; `said` is what it last wrote that is not a line of the log. */
  onExit(status: Deno.CommandStatus, said: string): void;
}

/** How this program starts itself again: as a compiled binary, or as a script that Deno runs. */
function ownCommand(): { path: string; args: string[] } {
  const script = new URL("./main.ts", import.meta.url);
  return Deno.build.standalone ? { path: Deno.execPath(), args: [] } : {
    path: Deno.execPath(),
    args: ["run", "--quiet", "-A", "--unstable-kv", "--unstable-no-legacy-abort", script.href],
  };
}

/** One replica in a process of its own. Its standard input is held open: when it ends, so does it. */
export class ReplicaProcess {
  readonly #child: Deno.ChildProcess;
  /** Resolves when the process has ended and everything it said has been handed on. */
  readonly ended: Promise<void>;

  constructor(plan: PlannedReplica, listener: ProcessListener) {
    const { path, args } = ownCommand();
    this.#child = new Deno.Command(path, {
      args: [...args, "serve", ...plan.args],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.ended = this.#follow(listener);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Asks the process to end in good order. */
  stop(): void {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already, which is what was wanted.
    }
  }

  async #follow(listener: ProcessListener): Promise<void> {
    let said = "";
    let rest = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const parsed = parseLine(line);
        if (parsed !== null) listener.onLine(parsed);
        else if (line.trim() !== "") said = line.trim();
      }
    }
    const status = await this.#child.status;
    await this.#child.stdin.close().catch(() => "the process has closed it");
    listener.onExit(status, said);
  }
}

function parseLine(line: string): LogLine | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
