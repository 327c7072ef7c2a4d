/** A client that says whatever a test wants, also what no honest client says. */
import { ByteWriter } from "../../../src/base/byte_writer.ts";
import type { Channel } from "../../../src/proto/multiplex/channel.ts";
import {
  type AnswerItems,
  decodeAnswers,
  type RequestItem,
} from "../../../src/proto/multiplex/frame.ts";
import {
  decodeServerHello,
  type ServerHello,
  writeClientHello,
} from "../../../src/proto/multiplex/hello.ts";
import { FrameAssembler } from "../../../src/proto/multiplex/parts.ts";
import { encodeItems } from "../../proto/multiplex/items.ts";

export class RawClient {
  readonly #channel: Channel;
  readonly #assembler = new FrameAssembler(Infinity);
  /** All messages, as they came. */
  readonly messages: Uint8Array[] = [];
  /** The items of each frame. */
  readonly frames: AnswerItems[][] = [];
  hello: ServerHello | null = null;
  closed: { code: number; reason: string } | null = null;
  #onChange: (() => void)[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.start({
      onOpen: () => this.#changed(),
      onMessage: (message) => this.#receive(message),
      onClose: (code, reason) => {
        this.closed = { code, reason };
        this.#changed();
      },
    });
  }

  get items(): AnswerItems[] {
    return this.frames.flat();
  }

  /** Sends a message as it is, flags and all. */
  raw(message: Uint8Array): void {
    this.#channel.send(message);
  }

  frame(items: readonly RequestItem[]): void {
    this.raw(Uint8Array.of(0, ...encodeItems(items)));
  }

  async greet(version = 1): Promise<void> {
    const writer = new ByteWriter();
    writer.byte(0);
    writeClientHello({ version, client: 7n }, writer);
    this.raw(writer.view());
    await this.until(() => this.hello !== null || this.closed !== null);
  }

  close(): void {
    this.#channel.close(1000, "");
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#onChange.push(resolve));
  }

  /** Waits for so many items and gives them. */
  async answers(count: number): Promise<AnswerItems[]> {
    await this.until(() => this.items.length >= count || this.closed !== null);
    return this.items;
  }

  #receive(message: Uint8Array): void {
    this.messages.push(message);
    const frame = this.#assembler.take(message);
    if (frame !== null && frame.length > 0) {
      if (this.hello === null) this.hello = decodeServerHello(frame);
      else this.frames.push(decodeAnswers(frame));
    }
    this.#changed();
  }

  #changed(): void {
    for (const wake of this.#onChange.splice(0)) wake();
  }
}
