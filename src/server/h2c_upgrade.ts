const UPGRADE = /\r\nupgrade: *h2c *(?=\r\n)/i;
const SETTINGS = /\r\nhttp2-settings:[^\r]*(?=\r\n)/i;
const CONNECTION = /(\r\nconnection:)([^\r]*)(?=\r\n)/i;
/** What `Connection` names when somebody asks for HTTP/2. */
const HOP_FIELDS = ["upgrade", "http2-settings"];

/**
 * The beginning of a connection without the offer to go on in HTTP/2, which a server may leave
 * unanswered (RFC 9113 §3.1 has withdrawn it).
 *
 * Why: Deno's server answers such an offer with 400 when the request has a body.
 */
export function withoutHttp2Offer(first: Uint8Array): Uint8Array {
  // Every byte is one character and back.
  const text = String.fromCharCode(...first);
  const end = text.indexOf("\r\n\r\n") + 2;
  const head = text.slice(0, end);
  if (!UPGRADE.test(head)) return first;
  const plain = head.replace(UPGRADE, "").replace(SETTINGS, "")
    .replace(CONNECTION, (_, name: string, value: string) => {
      const rest = value.split(",").map((field) => field.trim())
        .filter((field) => !HOP_FIELDS.includes(field.toLowerCase()));
      return rest.length === 0 ? "" : `${name} ${rest.join(", ")}`;
    });
  return Uint8Array.from(plain + text.slice(end), (character) => character.charCodeAt(0));
}
