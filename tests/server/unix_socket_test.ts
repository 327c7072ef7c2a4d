import { assertEquals } from "@std/assert";
import { dialPeer } from "../../src/server/connect_peer.ts";
import { Listener } from "../../src/server/listener.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";

const clock = PLATFORM_CLOCK;
const OPTIONS = { clock, tls: null, onTlsEvent: { onRejected: () => {}, onReload: () => {} } };

Deno.test("dialPeer() reaches a Listener by a Unix socket, also one that was left behind", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-unix-" });
  const url = `unix://${dir}/peer:1`;
  // What a server leaves that was killed: closing in good order would remove it.
  const killed = Deno.listen({ transport: "unix", path: `${dir}/killed` });
  await Deno.rename(`${dir}/killed`, `${dir}/peer:1`);
  killed.close();
  assertEquals((await Deno.lstat(`${dir}/peer:1`)).isSocket, true);
  for (let round = 0; round < 2; round++) {
    await using listener = await Listener.bind("listen-peer-urls", [url], OPTIONS);
    listener.serve((request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return Promise.resolve(response);
    });
    const channel = dialPeer(url, null, clock);
    const heard = await new Promise<string>((resolve) =>
      channel.start({
        onOpen: () => channel.send(new Uint8Array([7, 8])),
        onFrame: (bytes) => channel.close(4_000, bytes.join()),
        onClose: (_, reason) => resolve(reason),
      })
    );
    assertEquals(heard, "7,8");
  }
  await Deno.remove(dir, { recursive: true });
});
