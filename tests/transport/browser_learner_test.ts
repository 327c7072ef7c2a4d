import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  LEARNER_PROTOCOL,
  learnerProtocols,
  offeredToken,
} from "../../src/transport/browser_learner.ts";

Deno.test("offeredToken() reads what learnerProtocols() wrote, whatever the token", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (token) => {
    const protocols = learnerProtocols(token);
    // RFC 6455 §4.1: a subprotocol is a token of HTTP.
    for (const protocol of protocols) assertMatch(protocol, /^[a-z0-9.]+$/);
    assertEquals(offeredToken(protocols.join(", ")), token);
  }));
});

Deno.test("offeredToken() takes nothing else for a token", () => {
  const [, token] = learnerProtocols("secret");
  for (
    const header of [
      "",
      token,
      LEARNER_PROTOCOL,
      `${LEARNER_PROTOCOL}, ${token}0`,
      `${LEARNER_PROTOCOL}, kvorum.token.`,
      `${LEARNER_PROTOCOL}, kvorum.token.zz`,
    ]
  ) {
    assertEquals(offeredToken(header), null, header);
  }
});
