/** How much a line of the log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Writes structured lines: one JSON object each, with etcd's key names. */
export interface Logger {
  /** @param caller Where in the program the line comes from, as `room/file`. */
  log(level: LogLevel, caller: string, msg: string, fields?: Record<string, unknown>): void;
}

/** A logger that hands whole lines to `write` and leaves out what is below `lowest`. */
export function createLogger(lowest: LogLevel, write: (line: string) => void): Logger {
  const threshold = ORDER.indexOf(lowest);
  return {
    log(level, caller, msg, fields) {
      if (ORDER.indexOf(level) < threshold) return;
      const ts = new Date().toISOString().replace("Z", "000Z");
      write(JSON.stringify({ level, ts, caller, msg, ...fields }) + "\n");
    },
  };
}
