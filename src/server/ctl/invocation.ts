import { connect, type KvorumClient, type WaitOptions } from "../../client/mod.ts";
import { CommandError } from "../command_error.ts";
import { parseDurationMs } from "../duration.ts";
import type { FlagSpec, FlagValues } from "../flags.ts";
import type { CommandLine } from "./command_line.ts";
import { type Endpoint, endpointOf, tlsOf } from "./endpoint.ts";
import type { Json } from "./json_value.ts";
import { type Cell, formatTable, type Style, styled } from "./style.ts";
import type { Terminal } from "./terminal.ts";

const DEFAULT_ENDPOINTS = "http://127.0.0.1:2379";

/** The flags of every command that talks to a cluster. */
export const SHARED_FLAGS: readonly FlagSpec[] = [
  {
    name: "endpoints",
    kind: "string",
    default: "",
    help: `Client URLs, with commas; or KVORUM_ENDPOINTS (default ${DEFAULT_ENDPOINTS}).`,
  },
  { name: "json", kind: "boolean", default: "false", help: "Answers as JSON." },
  {
    name: "command-timeout",
    kind: "string",
    default: "5s",
    help: "How long to try, as 500ms or 1m; what waits for others waits longer.",
  },
  { name: "cacert", kind: "string", default: "", help: "Trust servers by this CA (PEM file)." },
  { name: "cert", kind: "string", default: "", help: "Show servers this certificate (PEM file)." },
  { name: "key", kind: "string", default: "", help: "The certificate's key (PEM file)." },
];

/** One run of a command: what it was called with, and how it answers. */
export class Invocation implements AsyncDisposable {
  readonly flags: FlagValues;
  readonly args: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
  readonly terminal: Terminal;
  /** Whether to answer with JSON. */
  readonly isJson: boolean;
  readonly #deadlineMs: number;
  readonly #clients: KvorumClient[] = [];
  #tls: Deno.HttpClient | null = null;

  constructor({ flags, args, rest }: CommandLine, terminal: Terminal) {
    this.flags = flags;
    this.args = args;
    this.rest = rest;
    this.terminal = terminal;
    this.isJson = flags.boolean("json");
    const timeout = flags.get("command-timeout");
    const deadlineMs = parseDurationMs(timeout);
    if (deadlineMs === null || deadlineMs <= 0) {
      throw new CommandError(`--command-timeout must be a duration such as 5s: it is "${timeout}"`);
    }
    this.#deadlineMs = deadlineMs;
  }

  /** The endpoints that were given. */
  get endpoints(): readonly string[] {
    const { terminal } = this;
    const text = this.flags.get("endpoints") || terminal.env("KVORUM_ENDPOINTS") ||
      terminal.env("ETCDCTL_ENDPOINTS") || DEFAULT_ENDPOINTS;
    const list = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
    if (list.length === 0) throw new CommandError("--endpoints needs at least one URL");
    return list;
  }

  /** How long a call may take, and what ends it before. */
  get wait(): WaitOptions {
    return { deadlineMs: this.#deadlineMs, signal: this.terminal.signal };
  }

  /** A client of some endpoints: all that were given, unless it is said which. */
  client(endpoints: readonly string[] = this.endpoints): KvorumClient {
    this.#tls ??= tlsOf(this.flags);
    const list = endpoints.map((text): Endpoint => endpointOf(text, this.#tls));
    const client = connect(list, { deadlineMs: this.#deadlineMs });
    this.#clients.push(client);
    return client;
  }

  /** Answers with a line. */
  say(line: string): void {
    this.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Answers with bytes. */
  write(bytes: Uint8Array): void {
    this.terminal.write(bytes);
  }

  /** Answers with JSON in a line. */
  sayJson(value: Json): void {
    this.say(JSON.stringify(value));
  }

  /** Answers with a table. */
  sayTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
    this.say(formatTable(headings, rows, this.terminal.hasColour));
  }

  /** Text in a style, where that is seen. */
  styled(text: string, style: Style): string {
    return styled(text, style, this.terminal.hasColour);
  }

  /** Says how far long work is, to a person who waits. */
  progress(line: string): void {
    if (this.terminal.isWatched && !this.isJson) this.terminal.complain(line);
  }

  /** Does what ends only when the user has had enough. @returns the exit code */
  async untilEnough(body: () => Promise<void>): Promise<number> {
    try {
      await body();
    } catch (error) {
      if (!this.terminal.signal.aborted) throw error;
    }
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#tls?.close();
  }
}
