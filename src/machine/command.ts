/** The commands that the machine applies, for the rooms above it that may not look into `proto`. */
export {
  type Batch,
  type BatchOrigin,
  type Command,
  CommandKind,
  decodeBatch,
  encodeBatch,
  type RequestIdentity,
} from "../proto/command.ts";
