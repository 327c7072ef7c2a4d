/** A mistake of the person at the command line, told in one line that says what to do. */
export class CommandError extends Error {
  /** The name of the class. */
  override name = "CommandError";
}
