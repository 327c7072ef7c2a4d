/** One command of Debian's etcdctl, and what it is told and says. */

/** Whether there is an etcdctl on this machine. */
export function hasEtcdctl(): boolean {
  try {
    const { success } = new Deno.Command("etcdctl", { args: ["version"], env }).outputSync();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const env = { ETCDCTL_API: "3" };

/** A command to run. */
export interface Command {
  readonly args: readonly string[];
  /** What it reads from standard input. */
  readonly stdin?: string;
  /** For a command that does not end by itself: it is ended after so many lines. */
  readonly lines?: number;
}

/** What a command said, and its exit code, or null if it was ended. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command against the servers at `endpoints`. */
export async function etcdctl(endpoints: string, command: Command): Promise<Result> {
  const { args, stdin = "", lines } = command;
  const child = new Deno.Command("etcdctl", {
    args: [`--endpoints=${endpoints}`, ...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  // Interactive commands end with their input; those that are ended for their output need it open.
  if (lines === undefined) await writer.close();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (lines === undefined || stdout.split("\n").length <= lines) continue;
    child.kill("SIGKILL");
    break;
  }
  const { code, signal } = await child.status;
  if (lines !== undefined) await writer.close().catch(() => "it has ended");
  return { code: signal === null ? code : null, stdout, stderr: await stderr };
}
