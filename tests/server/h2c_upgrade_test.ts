import { assertEquals } from "@std/assert";
import { withoutHttp2Offer } from "../../src/server/h2c_upgrade.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("withoutHttp2Offer() takes the offer out and leaves all else", () => {
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\n";
  const body = "\r\n\xff\r\nUpgrade: h2c\r\n";
  assertEquals(
    withoutHttp2Offer(encode(`POST / HTTP/1.1\r\nHost: a\r\n${offer}A: b\r\n${body}`)),
    encode(`POST / HTTP/1.1\r\nHost: a\r\nA: b\r\n${body}`),
  );
  assertEquals(
    withoutHttp2Offer(
      encode("GET / HTTP/1.1\r\nupgrade:h2c\r\nconnection: close, upgrade\r\n\r\n"),
    ),
    encode("GET / HTTP/1.1\r\nconnection: close\r\n\r\n"),
  );
});

Deno.test("withoutHttp2Offer() leaves WebSockets, bodies and half a head alone", () => {
  for (
    const text of [
      "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "POST / HTTP/1.1\r\n\r\n\r\nUpgrade: h2c\r\n\r\n",
      "POST / HTTP/1.1\r\nUpgrade: h2c\r\n",
      "",
    ]
  ) {
    const bytes = encode(text);
    assertEquals(withoutHttp2Offer(bytes), bytes);
  }
});
