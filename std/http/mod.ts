export * from "./status.ts";
export * from "./server_sent_event_stream.ts";
