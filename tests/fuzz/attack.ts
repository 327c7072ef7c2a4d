import type { Input } from "./input.ts";

/** By when the server must have ended a connection on which nothing more will come. */
const REFUSAL_MS = 20_000;

/**
 * How long a server that says nothing is waited for before it hears the end. Why at all: Deno's
 * HTTP/1.1 server drops the request of a client that it has seen leave.
 */
const PATIENCE_MS = 30;

/** How one input ended. */
export type Outcome = "abrupt" | "answered" | "closed" | "hung";

/** Tells the server on `port` an input, and waits until it has ended the connection. */
export async function attack(port: number, input: Input): Promise<Outcome> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let isHung = false;
  const timer = setTimeout(() => {
    isHung = true;
    connection.close();
  }, REFUSAL_MS);
  try {
    await say(connection, input);
    if (input.isAbrupt) return "abrupt";
    const heardBytes = await listen(connection);
    return isHung ? "hung" : heardBytes > 0 ? "answered" : "closed";
  } finally {
    clearTimeout(timer);
    if (!isHung) connection.close();
  }
}

/** Says all that it may: a server that has heard enough breaks off. */
async function say(connection: Deno.TcpConn, input: Input): Promise<void> {
  try {
    for (const [i, piece] of input.pieces.entries()) {
      if (i > 0 && input.pauseMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, input.pauseMs));
      }
      for (let at = 0; at < piece.length;) at += await connection.write(piece.subarray(at));
    }
  } catch {
    // The server has refused it.
  }
}

/** Says that nothing more will come, and answers how many bytes the server says before it ends. */
async function listen(connection: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(16_384);
  let heardBytes = 0;
  const leave = () => connection.closeWrite().catch(() => "the server has left before");
  const patience = setTimeout(leave, PATIENCE_MS);
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      heardBytes += n;
    }
  } catch {
    // A reset is an end, too.
  }
  clearTimeout(patience);
  return heardBytes;
}
