/**
 * What is sent to both servers. Revisions in a body are relative: `@3@` stands for the third revision
 * after the one at which the sequence begins, so that a sequence means the same on a server with
 * any history, and again when it is shrunk.
 */

/** One request with one answer. */
export interface Call {
  readonly kind: "call";
  readonly method: "POST" | "GET" | "PUT" | "DELETE";
  readonly path: string;
  readonly body: string;
}

/** A watch stream that stays open until the sequence ends. */
export interface Watch {
  readonly kind: "watch";
  /** What the client says, one message each. */
  readonly messages: readonly string[];
}

export type Step = Call | Watch;
export type Sequence = readonly Step[];

/** The answer to a call. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A call with the request as a value. */
export function call(path: string, request: unknown): Call {
  return { kind: "call", method: "POST", path, body: JSON.stringify(request) };
}

/** A call with the body as it is. */
export function rawCall(path: string, body: string, method: Call["method"] = "POST"): Call {
  return { kind: "call", method, path, body };
}

/** A watch stream with the requests as values. */
export function watch(...messages: unknown[]): Watch {
  return { kind: "watch", messages: messages.map((message) => JSON.stringify(message)) };
}

/** A revision of a request, relative to the beginning of the sequence. */
export function revision(offset: number): string {
  return `@${offset}@`;
}

const RELATIVE = /@(-?\d+)@/g;

/** The text with its relative revisions replaced by those of a server. */
export function resolveRevisions(text: string, base: number): string {
  return text.replace(RELATIVE, (_, offset) => String(base + Number(offset)));
}

/** The sequence as lines for a shell, where `$R` is the revision at the beginning. */
export function toCurl(sequence: Sequence): string {
  return sequence.map((step) => {
    const watches = step.kind === "watch";
    const path = watches ? "/v3/watch" : step.path;
    const body = watches ? step.messages.join("") : step.body;
    const quoted = body.replaceAll("'", "'\\''").replace(RELATIVE, "'$((R+$1))'");
    const method = watches || step.method === "POST" ? "" : ` -X ${step.method}`;
    return `curl -s${watches ? "N" : ""}${method} $SERVER${path} -d '${quoted}'${
      watches ? " &" : ""
    }`;
  }).join("\n");
}
