/**
 * The server under etcd's command line, for scripts and tests that start `etcd`. It is
 * `kvorum serve`, and what etcd's own program says when it is asked for its version.
 */
import { ETCD_SERVER_VERSION } from "../api/etcd_version.ts";
import { VERSION } from "../version.ts";
import { main, runProgram } from "./main.ts";

/** Ref: etcd api/version and server/etcdmain/etcd.go. Whoever starts etcd reads the first line. */
const VERSION_TEXT = `etcd Version: ${ETCD_SERVER_VERSION}
Git SHA: kvorum-${VERSION}
Go Version: none, Deno ${Deno.version.deno}
Go OS/Arch: ${Deno.build.os}/${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`;

/** Runs etcd's command line and answers the exit code. */
export async function etcd(args: readonly string[]): Promise<number> {
  if (args.some((arg) => /^--?version(=true)?$/.test(arg))) {
    // deno-lint-ignore no-console
    console.log(VERSION_TEXT);
    return 0;
  }
  return await main(["serve", ...args]);
}

if (import.meta.main) await runProgram("etcd", () => etcd(Deno.args));
