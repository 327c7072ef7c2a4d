/** Runs this very Deno as a child process, with an end to the wait. */

/** What a child process left behind. */
export interface RunResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Standard output and standard error together, roughly in order. */
  readonly output: string;
}

/** Options of {@linkcode runDeno}. */
export interface RunOptions {
  /** The child is ended after this time and counts as failed. @default {180_000} */
  readonly limitMs?: number;
}

/** Runs `deno ...args` in `root` without standard input and gathers what it prints. */
export async function runDeno(
  root: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { limitMs = 180_000 } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const stdout: string[] = [];
  const output: string[] = [];
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill("SIGTERM");
    // Why: a grandchild may hold the pipes open for as long as it lives.
    for (const reader of readers) reader.cancel();
  }, limitMs);
  const [status] = await Promise.all([
    child.status,
    gather(readers[0], (text) => {
      stdout.push(text);
      output.push(text);
    }),
    gather(readers[1], (text) => output.push(text)),
  ]);
  clearTimeout(limit);
  if (late) output.push(`\nended after ${limitMs / 1000} s, the limit for this step\n`);
  return {
    ok: status.success && !late,
    stdout: stdout.join(""),
    output: output.join("").replace(/\nStack backtrace:\n +0: <unknown>\n/g, ""),
  };
}

async function gather(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  keep: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    keep(decoder.decode(value, { stream: true }));
  }
}
