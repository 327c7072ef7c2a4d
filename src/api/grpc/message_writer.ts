import { ByteWriter } from "../../base/byte_writer.ts";
import { encode } from "../../proto/codec.ts";
import type { MessageSchema } from "../../proto/schema.ts";

/** Room that is kept for the next message; what one huge message took is given back. */
const KEPT_BYTES = 65_536;

/** Encodes one message after the other into the same buffer. */
export class MessageWriter {
  #writer = new ByteWriter(1_024);

  /** The message in protobuf's form. The bytes are lent: the next message overwrites them. */
  lend<T extends object>(schema: MessageSchema<T>, message: T): Uint8Array {
    if (this.#writer.length > KEPT_BYTES) this.#writer = new ByteWriter(1_024);
    this.#writer.reset();
    encode(schema, message, this.#writer);
    return this.#writer.view();
  }

  /** The message in protobuf's form, as bytes of their own. */
  give<T extends object>(schema: MessageSchema<T>, message: T): Uint8Array {
    return this.lend(schema, message).slice();
  }
}
