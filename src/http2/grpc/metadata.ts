import type { HeaderField } from "../hpack/header_field.ts";

/** What a caller sends beside its messages: header fields, binary ones with names in `-bin`. */
export class GrpcMetadata {
  readonly #fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
  }

  /** The first value of `name`, which is in lower case. */
  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value;
    return undefined;
  }

  /** All values of `name`, in order. */
  all(name: string): string[] {
    return this.#fields.filter((field) => field.name === name).map((field) => field.value);
  }

  /** All values of a binary `name`, decoded; one that is no base64 is left out. */
  allBinary(name: string): Uint8Array[] {
    return this.all(name).flatMap((value) => value.split(",")).flatMap((text) => {
      const bytes = decodeBase64(text.trim());
      return bytes === null ? [] : [bytes];
    });
  }
}

/** Bytes of base64 with or without padding, as gRPC asks of receivers. */
function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
  } catch {
    return null;
  }
}

/** Bytes as the value of a field in `-bin`: base64 without padding. */
export function encodeBinaryValue(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/=+$/, "");
}
