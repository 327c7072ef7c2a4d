/** What the command is connected to: its input, its two outputs and its environment. */
export interface Terminal {
  /** Writes to standard output. */
  write(bytes: Uint8Array): void;
  /** Writes a line to standard error. */
  complain(line: string): void;
  /** Standard input. */
  readonly input: ReadableStream<Uint8Array>;
  /** Whether what is written is read by a person who sees colours. */
  readonly hasColour: boolean;
  /** Whether these are the process's own, which another program can have, too. */
  readonly isOwn: boolean;
  /** Whether a person waits: long work then says how far it is. */
  readonly isWatched: boolean;
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
}

/** This process's own. */
export function processTerminal(signal: AbortSignal): Terminal {
  const env = (name: string) => Deno.env.get(name);
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    },
    complain(line) {
      // deno-lint-ignore no-console
      console.error(line);
    },
    get input() {
      return Deno.stdin.readable;
    },
    isOwn: true,
    hasColour: Deno.stdout.isTerminal() && !env("NO_COLOR"),
    isWatched: Deno.stderr.isTerminal(),
    env,
    signal,
  };
}
