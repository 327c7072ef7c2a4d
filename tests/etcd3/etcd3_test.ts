/**
 * Runs `suite.ts` in a process with a lock of its own: the client's packages are many, and nobody
 * who only starts a server or runs another test should have to load them.
 */
import { assert } from "@std/assert";

const HERE = new URL(".", import.meta.url);

Deno.test("the npm client etcd3 works unchanged", async () => {
  const directory = await Deno.makeTempDir({ prefix: "kvorum-etcd3-" });
  // Why a copy elsewhere: below the repository's own configuration there can be no other.
  const config = JSON.parse(await Deno.readTextFile(new URL("config.json", HERE)));
  config.imports["@std/assert"] = new URL("../../std/assert/mod.ts", HERE).href;
  await Deno.writeTextFile(`${directory}/deno.json`, JSON.stringify(config));
  await Deno.copyFile(new URL("config.lock", HERE), `${directory}/deno.lock`);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--unstable-kv", "--config", `${directory}/deno.json`],
      new URL("suite.ts", HERE).pathname,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert(success, [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n"));
  await Deno.remove(directory, { recursive: true });
});
