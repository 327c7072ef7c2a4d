import { ConnectionError, ErrorCode } from "./error_code.ts";
import { INT31_MAX, readUint32 } from "./frame.ts";
import { DEFAULT_TABLE_BYTES } from "./hpack/dynamic_table.ts";

/** The identifiers of settings; others are ignored. Ref: RFC 9113 §6.5.2. */
export const SettingId = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** Every window's size before a setting or an update changes it. */
export const DEFAULT_WINDOW_BYTES = 65_535;

const FRAME_SIZE_MIN = 16_384;
const FRAME_SIZE_MAX = 16_777_215;

/** What the peer asks of us. */
export interface PeerSettings {
  /** How large the table may be that our header blocks refer to. */
  headerTableBytes: number;
  /** With how much window each stream starts. */
  initialWindowBytes: number;
  /** The largest payload that it takes in one frame. */
  frameBytesMax: number;
}

/** What holds until the peer's first SETTINGS. */
export function defaultPeerSettings(): PeerSettings {
  return {
    headerTableBytes: DEFAULT_TABLE_BYTES,
    initialWindowBytes: DEFAULT_WINDOW_BYTES,
    frameBytesMax: FRAME_SIZE_MIN,
  };
}

/**
 * Reads the payload of SETTINGS into `settings`, each value in order.
 *
 * @throws {ConnectionError} If a value is out of its range.
 */
export function readSettings(
  settings: PeerSettings,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if ((end - start) % 6 !== 0) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS is not a list of settings");
  }
  for (let at = start; at < end; at += 6) {
    applySetting(settings, (bytes[at] << 8) | bytes[at + 1], readUint32(bytes, at + 2));
  }
}

function applySetting(settings: PeerSettings, id: number, value: number): void {
  switch (id) {
    case SettingId.HEADER_TABLE_SIZE:
      settings.headerTableBytes = value;
      break;
    case SettingId.ENABLE_PUSH:
      if (value > 1) throw outOfRange("ENABLE_PUSH", ErrorCode.PROTOCOL_ERROR);
      break;
    case SettingId.INITIAL_WINDOW_SIZE:
      if (value > INT31_MAX) throw outOfRange("INITIAL_WINDOW_SIZE", ErrorCode.FLOW_CONTROL_ERROR);
      settings.initialWindowBytes = value;
      break;
    case SettingId.MAX_FRAME_SIZE:
      if (value < FRAME_SIZE_MIN || value > FRAME_SIZE_MAX) {
        throw outOfRange("MAX_FRAME_SIZE", ErrorCode.PROTOCOL_ERROR);
      }
      settings.frameBytesMax = value;
      break;
  }
}

function outOfRange(name: string, code: ErrorCode): ConnectionError {
  return new ConnectionError(code, `the value of ${name} is out of range`);
}
