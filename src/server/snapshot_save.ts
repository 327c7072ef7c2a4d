import { equalBytes } from "../base/bytes.ts";
import { Sha256, SHA256_BYTES } from "../base/sha256.ts";
import { decodeBase64 } from "../proto/base64.ts";
import { CommandError } from "./command_error.ts";

const SNAPSHOT_PATH = "/v3/maintenance/snapshot";
/** A line of the stream is one piece of the file; a longer one is none of ours. */
const LINE_CHARACTERS_MAX = 16 * 1_048_576;

/** One line of the gateway's stream. */
interface Line {
  readonly result?: { readonly blob?: string; readonly remaining_bytes?: string };
  readonly error?: { readonly message?: string };
}

/**
 * Copies the state of a running replica into a file, which exists under its name only when it is
 * whole and durable.
 *
 * @returns the file's length.
 * @throws {CommandError} when the replica does not answer or what came is not whole.
 */
export async function saveSnapshot(
  endpoint: string,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const part = `${path}.part`;
  try {
    const byteLength = await receive(endpoint, part, signal);
    await Deno.rename(part, path);
    return byteLength;
  } catch (error) {
    await Deno.remove(part).catch(() => "it was never made");
    if (error instanceof CommandError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot save a snapshot of ${endpoint} to ${path}: ${reason}`);
  }
}

async function receive(endpoint: string, part: string, signal: AbortSignal): Promise<number> {
  const url = new URL(SNAPSHOT_PATH, endpoint);
  const response = await fetch(url, { method: "POST", body: "{}", signal });
  if (!response.ok || response.body === null) {
    throw new CommandError(`${endpoint} gave no snapshot: ${(await response.text()).trim()}`);
  }
  using file = await Deno.open(part, { write: true, create: true, truncate: true });
  const hash = new Sha256();
  let byteLength = 0;
  let held: Uint8Array | null = null;
  for await (const line of lines(response.body)) {
    const blob = blobOf(line, endpoint);
    // The last piece is the digest of all the others.
    if (held !== null) hash.update(held);
    held = blob;
    byteLength += blob.length;
    for (let at = 0; at < blob.length;) at += await file.write(blob.subarray(at));
  }
  if (held?.length !== SHA256_BYTES || !equalBytes(hash.digest(), held)) {
    throw new CommandError(`The snapshot of ${endpoint} came damaged or broke off: try again`);
  }
  await file.sync();
  return byteLength;
}

function blobOf(line: string, endpoint: string): Uint8Array {
  const { result, error }: Line = JSON.parse(line);
  if (error !== undefined) throw new CommandError(`${endpoint} broke off: ${error.message}`);
  const blob = decodeBase64(result?.blob ?? "");
  if (blob === undefined) throw new CommandError(`${endpoint} does not speak etcd's protocol`);
  return blob;
}

async function* lines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > LINE_CHARACTERS_MAX) throw new CommandError("A line is too long");
    yield* parts;
  }
}
