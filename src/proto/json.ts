/** The messages as JSON, in the form of etcd's gateway. */

export { fromJson, JsonMappingError } from "./json_input.ts";
export { toJson } from "./json_output.ts";
