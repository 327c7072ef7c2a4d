// The command and Debian's etcdctl as processes of their own, at one cluster: a lock of one excludes
// the other, and an election that both take part in has one leader.
import { assert, assertEquals } from "@std/assert";
import { hasEtcdctl } from "../../etcdctl/etcdctl.ts";
import { LocalCluster } from "../../e2e/local_cluster.ts";
import { Person } from "./fake_terminal.ts";

const MAIN = new URL("../../../src/server/main.ts", import.meta.url).pathname;
const QUICK = ["--storage", "memory", "--heartbeat-interval", "10", "--election-timeout", "50"];

const isInstalled = hasEtcdctl();
const left = isInstalled ? "" : " (left out: etcdctl is not installed here)";

/** A program that runs until it ends, or is told to. */
class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #text = "";
  #isOver = false;
  #onText: (() => void)[] = [];

  constructor(file: string, args: readonly string[], env: Record<string, string>) {
    this.#child = new Deno.Command(file, {
      args: [...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  get text(): string {
    return this.#text;
  }

  /** Waits until it has said something. */
  async until(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      assert(!this.#isOver, `it ended without "${text}": ${this.#text}`);
      await new Promise<void>((resolve) => this.#onText.push(resolve));
    }
  }

  /** Waits until it has ended, told to or not. */
  async code(signal?: Deno.Signal): Promise<number> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#reading;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.code();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      for (const wake of this.#onText.splice(0)) wake();
    }
    this.#isOver = true;
    for (const wake of this.#onText.splice(0)) wake();
  }
}

/** The two commands at one cluster. */
class Both {
  readonly #url: string;
  readonly #stack: AsyncDisposableStack;
  /** Looks on, from inside the test. */
  readonly onlooker: Person;

  constructor(url: string, stack: AsyncDisposableStack) {
    this.#url = url;
    this.#stack = stack;
    this.onlooker = new Person(url);
  }

  kvorum(...args: string[]): Running {
    const env = { KVORUM_ENDPOINTS: this.#url };
    const run = ["run", "--quiet", "-A", MAIN, ...args];
    return this.#stack.use(new Running(Deno.execPath(), run, env));
  }

  etcdctl(...args: string[]): Running {
    const env = { ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: this.#url };
    return this.#stack.use(new Running("etcdctl", args, env));
  }

  /** Waits until so many stand in a line. */
  async untilInLine(name: string, count: number): Promise<void> {
    const line = `get ${name}/ --prefix --count-only`;
    while (Number(await this.onlooker.says(line)) !== count);
  }
}

function test(what: string, run: (both: Both) => Promise<void>): void {
  Deno.test({
    name: `${what}${left}`,
    ignore: !isInstalled,
    async fn() {
      await using cluster = new LocalCluster(1, QUICK);
      await cluster.start();
      await using stack = new AsyncDisposableStack();
      await run(new Both(cluster.replicas[0].clientUrl, stack));
    },
  });
}

test("kvorum lock and etcdctl lock wait for each other", async (both) => {
  const first = both.kvorum("lock", "mutex");
  await first.until("mutex/");
  const second = both.etcdctl("lock", "mutex");
  await both.untilInLine("mutex", 2);
  const third = both.kvorum("lock", "mutex", "--", "echo", "third");
  await both.untilInLine("mutex", 3);
  assertEquals([second.text, third.text], ["", ""]);
  assertEquals(await first.code("SIGINT"), 0);
  await second.until("mutex/");
  assertEquals(third.text, "");
  await second.code("SIGINT");
  assertEquals([await third.code(), third.text], [0, "third\n"]);
  await both.untilInLine("mutex", 0);
});

test("kvorum lock and etcdctl lock never run two programs at a time", async (both) => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-lock-" });
  const script = 'mkdir "$0/held" && echo in >> "$0/log" && rmdir "$0/held"';
  const program = ["--", "sh", "-c", script, dir];
  const holders = Array.from({ length: 6 }, (_, i) => {
    return (i % 2 === 0 ? both.kvorum : both.etcdctl).call(both, "lock", "mutex", ...program);
  });
  const codes = await Promise.all(holders.map((holder) => holder.code()));
  assertEquals(codes, [0, 0, 0, 0, 0, 0]);
  assertEquals(await Deno.readTextFile(`${dir}/log`), "in\n".repeat(6));
  await Deno.remove(dir, { recursive: true });
});

test("kvorum elect and etcdctl elect see one leader", async (both) => {
  const ann = both.kvorum("elect", "boss", "ann");
  await ann.until("ann\n");
  const bob = both.etcdctl("elect", "boss", "bob");
  await both.untilInLine("boss", 2);
  const listeners = [both.kvorum("elect", "-l", "boss"), both.etcdctl("elect", "-l", "boss")];
  for (const listener of listeners) await listener.until("ann\n");
  assertEquals(bob.text, "");
  const carol = both.kvorum("elect", "boss", "carol");
  await both.untilInLine("boss", 3);
  assertEquals(await ann.code("SIGINT"), 0);
  await bob.until("bob\n");
  for (const listener of listeners) await listener.until("bob\n");
  assertEquals(carol.text, "");
  await bob.code("SIGINT");
  await carol.until("carol\n");
  for (const listener of listeners) await listener.until("carol\n");
  for (const { text } of listeners) assertEquals(text.match(/^(ann|bob|carol)$/gm)?.length, 3);
});
