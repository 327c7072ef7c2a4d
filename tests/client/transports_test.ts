import { MultiplexServer } from "../../src/api/websocket/multiplex_server.ts";
import { connect, FetchTransport } from "../../src/client/mod.ts";
import { ServedReplica } from "./served_replica.ts";
import { transportSuite } from "./transport_suite.ts";

transportSuite("connect() over a WebSocket", (replica) => {
  const served = new ServedReplica(replica);
  const client = connect(served.url);
  return Promise.resolve({
    client,
    replica,
    async [Symbol.asyncDispose]() {
      await client.close();
      await served[Symbol.asyncDispose]();
    },
  });
});

transportSuite("connect() inside one program", (replica) => {
  const server = new MultiplexServer({ replica });
  const client = connect(() => server.connect());
  return Promise.resolve({
    client,
    replica,
    async [Symbol.asyncDispose]() {
      await client.close();
      server.close();
    },
  });
});

transportSuite("connect() with JSON over fetch", (replica) => {
  const served = new ServedReplica(replica);
  const client = connect(served.url, { transport: new FetchTransport([served.url]) });
  return Promise.resolve({
    client,
    replica,
    async [Symbol.asyncDispose]() {
      await client.close();
      await served[Symbol.asyncDispose]();
    },
  });
});
