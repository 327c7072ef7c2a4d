import { assertEquals, assertRejects } from "@std/assert";
import { BodyIntake } from "../../../src/api/gateway/body_intake.ts";
import { JsonMessages } from "../../../src/api/gateway/json_messages.ts";

Deno.test("JsonMessages.cancel() is fine after the body has failed", async () => {
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode('{"ID":"7"}'));
      else controller.error(new Error("the client has left"));
      isFirst = false;
    },
  });
  const messages = new JsonMessages(body, new BodyIntake());
  assertEquals(await messages.next(), '{"ID":"7"}');
  await assertRejects(() => messages.next(), Error, "context canceled");
  await messages.cancel();
});
