import { assert } from "@std/assert";

/** A command of etcdctl that runs until it is interrupted, or ends by itself. */
export class Background implements AsyncDisposable {
  /** What it has said. */
  output = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #hasEnded = false;
  #wake = () => {};

  constructor(endpoints: string, args: readonly string[]) {
    this.#child = new Deno.Command("etcdctl", {
      args: [`--endpoints=${endpoints}`, ...args],
      env: { ETCDCTL_API: "3" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.output += text;
      this.#wake();
    }
    this.#hasEnded = true;
    this.#wake();
  }

  /** Waits until it has said so many lines. */
  async lines(count: number): Promise<void> {
    while (this.output.split("\n").length <= count) {
      assert(!this.#hasEnded, `etcdctl ended after: ${this.output}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Ends it as Ctrl-C does: it gives back what it holds. */
  interrupt(): void {
    if (!this.#hasEnded) this.#child.kill("SIGINT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#reading;
  }
}
