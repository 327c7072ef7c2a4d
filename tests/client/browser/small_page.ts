/** What the least page does with a client, to see what a visitor has to load for that. */
import { connect } from "../../../src/client/mod.ts";

const client = connect(location.origin);
await client.put("visits", "1");
document.title = (await client.get("visits"))?.text() ?? "";
for await (const { events } of client.watch("visits")) document.title = events[0].kv.text();
