/** The commands that the machine applies, for the rooms above it that may not look into `proto`. */
export {
  type Batch,
  type BatchOrigin,
  type Command,
  CommandKind,
  decodeBatch,
  decodeStamp,
  encodeBatch,
  type RequestIdentity,
  stampBatch,
} from "../proto/command.ts";
