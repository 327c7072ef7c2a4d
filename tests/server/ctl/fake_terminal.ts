/** The command line of one person, inside a test. */
import { assert } from "@std/assert";
import { ctl } from "../../../src/server/ctl/ctl.ts";
import type { Terminal } from "../../../src/server/ctl/terminal.ts";

/** What a command has said so far, and how it may be ended. */
export class FakeTerminal implements Terminal {
  readonly hasColour: boolean;
  readonly isWatched = false;
  readonly isOwn = false;
  readonly input: ReadableStream<Uint8Array>;
  readonly #env: Readonly<Record<string, string>>;
  readonly #enough = new AbortController();
  readonly #complaints: string[] = [];
  readonly #chunks: Uint8Array[] = [];
  #onWrite: (() => void)[] = [];

  constructor(
    options: {
      readonly stdin?: string;
      readonly env?: Record<string, string>;
      readonly hasColour?: boolean;
    } = {},
  ) {
    this.input = new Blob([options.stdin ?? ""]).stream();
    this.#env = options.env ?? {};
    this.hasColour = options.hasColour ?? false;
  }

  get signal(): AbortSignal {
    return this.#enough.signal;
  }

  /** What was written to standard output, as bytes. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#chunks.flatMap((chunk) => [...chunk]));
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  get complaint(): string {
    return this.#complaints.join("\n");
  }

  write(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    for (const wake of this.#onWrite.splice(0)) wake();
  }

  complain(line: string): void {
    this.#complaints.push(line);
  }

  env(name: string): string | undefined {
    return this.#env[name];
  }

  /** The user presses Ctrl-C. */
  interrupt(): void {
    this.#enough.abort();
  }

  /** Waits until something was written. */
  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      await new Promise<void>((resolve) => this.#onWrite.push(resolve));
    }
  }
}

/** A person at one cluster. */
export class Person {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    stdin?: string,
  ): Promise<{ readonly code: number; readonly text: string; readonly complaint: string }> {
    const terminal = this.terminal(stdin);
    const code = await ctl(args, terminal);
    return { code, text: terminal.text, complaint: terminal.complaint };
  }

  /** Runs a command that must succeed, and answers what it says. Words are split at spaces. */
  async says(line: string, stdin?: string): Promise<string> {
    const { code, text, complaint } = await this.run(line.split(" "), stdin);
    assert(code === 0 && complaint === "", `kvorum ${line}: ${complaint}`);
    return text;
  }

  /** Runs a command that must fail, and answers why. */
  async fails(line: string, stdin?: string): Promise<string> {
    const { code, text, complaint } = await this.run(line.split(" "), stdin);
    assert(code === 1, `kvorum ${line} ended with ${code}: ${text}`);
    assert(complaint !== "" && !complaint.includes("\n"), complaint);
    return complaint;
  }

  /** Begins a command that goes on. */
  begin(line: string): { readonly terminal: FakeTerminal; readonly code: Promise<number> } {
    const terminal = this.terminal();
    return { terminal, code: ctl(line.split(" "), terminal) };
  }

  terminal(stdin?: string): FakeTerminal {
    const env = { KVORUM_ENDPOINTS: this.#url };
    return new FakeTerminal(stdin === undefined ? { env } : { env, stdin });
  }
}
