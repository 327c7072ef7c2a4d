import { assertEquals, assertStringIncludes } from "@std/assert";
import { EMPTY_BYTES } from "../../src/base/bytes.ts";
import { peerConnector } from "../../src/server/connect_peer.ts";
import { DialledChannel } from "../../src/server/dialled_channel.ts";
import { Http1Server } from "../../src/server/http1_server.ts";
import { PLATFORM_CLOCK } from "../../src/client/platform_clock.ts";
import type { TlsFiles } from "../../src/server/tls_files.ts";
import { TlsListener } from "../../src/server/tls_listener.ts";
import { freePorts } from "../e2e/free_ports.ts";
import { Authority, revocationList, validity, writeFiles } from "./authority.ts";

const clock = PLATFORM_CLOCK;

/** A replica's door as far as TLS goes: it upgrades whoever gets in. */
async function openDoor(files: TlsFiles) {
  const rejected: string[] = [];
  const http1 = new Http1Server((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return Promise.resolve(response);
  }, clock);
  const [port] = freePorts(1);
  const address = { hostname: "127.0.0.1", port, protocols: ["http/1.1"], takesPlain: false };
  const listener = await TlsListener.listen(address, files, {
    onConnection: (socket) => http1.take(socket, EMPTY_BYTES),
    onRejected: (_, reason) => rejected.push(reason),
    onReload: () => {},
  });
  return {
    url: `wss://127.0.0.1:${port}/kvorum/peer`,
    rejected,
    listener,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await http1.shutdown(0);
    },
  };
}

/** What becomes of a connection: what comes back of what was sent, or why there is none. */
function knock(url: string, files: TlsFiles | null): Promise<string> {
  return new Promise((resolve) => {
    const channel = new DialledChannel(url, peerConnector(files), clock);
    channel.start({
      onOpen: () => channel.send(new TextEncoder().encode("echo")),
      onFrame: (bytes) => {
        channel.close(4_000, new TextDecoder().decode(bytes));
      },
      onClose: (_, reason) => resolve(reason),
    });
  });
}

/** Runs `body` with a directory of its own. */
async function inDirectory(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "kvorum-peer-tls-" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("peers with TLS let nobody in without a good certificate, and both ends say why", async () => {
  await inDirectory(async (dir) => {
    const [ours, theirs] = [await Authority.found("ours"), await Authority.found("theirs")];
    const served = await writeFiles(`${dir}/served`, await ours.issue(), ours);
    await using door = await openDoor(served);
    const good = await writeFiles(`${dir}/good`, await ours.issue(), ours);
    assertEquals(await knock(door.url, good), "echo");
    assertEquals(door.rejected, []);

    const strange = await writeFiles(`${dir}/strange`, await theirs.issue(), ours);
    const old = await ours.issue(validity(-9, -1));
    const expired = await writeFiles(`${dir}/expired`, old, ours);
    const elsewhere = await ours.issue({ hosts: ["10.1.2.3"] });
    const misplaced = await writeFiles(`${dir}/misplaced`, elsewhere, ours);
    const cases: [TlsFiles, string][] = [
      [strange, "bad certificate: UNABLE_TO_"],
      [expired, "bad certificate: the certificate has expired on "],
      [misplaced, "bad certificate: x509: certificate is valid for 10.1.2.3, not 127.0.0.1"],
    ];
    for (const [files, reason] of cases) {
      const heard = await knock(door.url, files);
      assertStringIncludes(heard, `remote error: tls: ${reason}`);
      assertStringIncludes(door.rejected.pop() ?? "", reason);
    }
  });
});

Deno.test("peers with TLS show a certificate where one is asked for", async () => {
  await inDirectory(async (dir) => {
    const ours = await Authority.found("ours");
    const served = await writeFiles(`${dir}/served`, await ours.issue(), ours);
    await using door = await openDoor(served);
    const connect = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: Number(new URL(door.url).port),
      caCerts: [ours.certificate.cert],
    });
    const answer = new Uint8Array(256);
    const length = await connect.read(answer);
    connect.close();
    const text = new TextDecoder().decode(answer.subarray(0, length ?? 0));
    assertStringIncludes(text, "403 bad certificate: there is none");
    assertEquals(door.rejected, ["bad certificate: there is none"]);
  });
});

Deno.test("peers with TLS believe no server that somebody else signs for, or whose time is over", async () => {
  await inDirectory(async (dir) => {
    const [ours, theirs] = [await Authority.found("ours"), await Authority.found("theirs")];
    const dialler = await writeFiles(`${dir}/dialler`, await ours.issue(), ours);
    const cases: [TlsFiles, string][] = [
      [await writeFiles(`${dir}/1`, await theirs.issue(), ours), "bad certificate: "],
      [await writeFiles(`${dir}/2`, await ours.issue(validity(-9, -1)), ours), "has expired on"],
      [await writeFiles(`${dir}/3`, await ours.issue({ hosts: ["a.test"] }), ours), "ALTNAME"],
    ];
    for (const [files, reason] of cases) {
      await using door = await openDoor(files);
      assertStringIncludes(await knock(door.url, dialler), reason);
    }
  });
});

Deno.test("peers with TLS keep to allowed names and to the list of revoked certificates", async () => {
  await inDirectory(async (dir) => {
    const ours = await Authority.found("ours");
    const served = await writeFiles(`${dir}/served`, await ours.issue(), ours);
    const [revoked, fine] = [await ours.issue(), await ours.issue()];
    const crlFile = `${dir}/crl`;
    await Deno.writeFile(crlFile, revocationList([revoked.serial]));
    const { rules } = served;
    const cases: [Partial<TlsFiles["rules"]>, string | null][] = [
      [{ commonNames: ["other", "replica"] }, null],
      [{ commonNames: ["other"] }, 'its common name "replica" is not allowed'],
      [{ hostnames: ["localhost"] }, null],
      [{ hostnames: ["a.test"] }, "it is valid for 127.0.0.1,localhost, not a.test"],
      [{ crlFile }, null],
      [{ crlFile: `${dir}/none` }, "No such file"],
    ];
    const dialler = await writeFiles(`${dir}/fine`, fine, ours);
    for (const [changed, reason] of cases) {
      await using door = await openDoor({ ...served, rules: { ...rules, ...changed } });
      assertStringIncludes(await knock(door.url, dialler), reason ?? "echo");
      assertStringIncludes(door.rejected.join(), reason ?? "");
    }
    await using door = await openDoor({ ...served, rules: { ...rules, crlFile } });
    const culprit = await writeFiles(`${dir}/revoked`, revoked, ours);
    assertStringIncludes(await knock(door.url, culprit), `serial ${revoked.serial} revoked`);
    // The dialler holds the server to its rules, too.
    const picky = { ...dialler, rules: { ...rules, commonNames: ["other"] } };
    assertStringIncludes(await knock(door.url, picky), 'common name "replica" is not allowed');
  });
});

Deno.test("peers with TLS take new certificates and authorities while they run", async () => {
  await inDirectory(async (dir) => {
    const [before, after] = [await Authority.found("before"), await Authority.found("after")];
    const served = await writeFiles(`${dir}/served`, await before.issue(), before);
    const dialler = await writeFiles(`${dir}/dialler`, await before.issue(), before);
    await using door = await openDoor(served);
    assertEquals(await knock(door.url, dialler), "echo");
    await writeFiles(`${dir}/served`, await after.issue(), after);
    door.listener.reload();
    assertStringIncludes(await knock(door.url, dialler), "certificate");
    await writeFiles(`${dir}/dialler`, await before.issue(), after);
    assertStringIncludes(await knock(door.url, dialler), "remote error: tls: bad certificate");
    await writeFiles(`${dir}/dialler`, await after.issue(), after);
    assertEquals(await knock(door.url, dialler), "echo");
  });
});
