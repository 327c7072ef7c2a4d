/**
 * The server under etcd's command line, for scripts and tests that start `etcd`. It is
 * `kvorum serve`, and what etcd's own program says when it is asked for its version.
 */
import { ETCD_SERVER_VERSION } from "../api/etcd_version.ts";
import { VERSION } from "../version.ts";
import { main, runProgram } from "./main.ts";
import { serve } from "./serve.ts";
import { dieBy, type EndSignal, untilSignal } from "./signals.ts";

/** Ref: etcd api/version and server/etcdmain/etcd.go. Whoever starts etcd reads the first line. */
const VERSION_TEXT = `etcd Version: ${ETCD_SERVER_VERSION}
Git SHA: kvorum-${VERSION}
Go Version: none, Deno ${Deno.version.deno}
Go OS/Arch: ${Deno.build.os}/${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`;

/** Runs etcd's command line and answers the exit code, unless a signal ends it. */
export async function etcd(args: readonly string[]): Promise<number> {
  if (args.some((arg) => /^--?version(=true)?$/.test(arg))) {
    // deno-lint-ignore no-console
    console.log(VERSION_TEXT);
    return 0;
  }
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) return await main(["serve", "--help"]);
  let signal: EndSignal | null = null;
  const code = await untilSignal((ending) => {
    ending.addEventListener("abort", () => signal = ending.reason, { once: true });
    return serve(args, (name) => Deno.env.get(name), ending);
  });
  return signal === null || code !== 0 ? code : await dieBy(signal);
}

if (import.meta.main) await runProgram("etcd", () => etcd(Deno.args));
