/** The words of a command: its name, what comes in order, and what is named (`key=value`). */
export class Arguments {
  readonly name: string;
  readonly words: readonly string[];
  readonly #named = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(line: string) {
    const [name, ...rest] = line.split(/\s+/);
    this.name = name;
    this.words = rest.filter((word) => !word.includes("="));
    for (const word of rest) {
      const at = word.indexOf("=");
      if (at > 0) this.#named.set(word.slice(0, at), word.slice(at + 1));
    }
  }

  /** The replica that the command is for: its first word. */
  get replica(): number {
    const id = Number(this.words[0]);
    if (!Number.isInteger(id)) throw new SyntaxError(`${this.name} needs a replica's number`);
    return id;
  }

  text(key: string): string | undefined {
    this.#used.add(key);
    return this.#named.get(key);
  }

  number(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isNaN(value)) throw new SyntaxError(`${key} of ${this.name} is no number: ${text}`);
    return value;
  }

  numbers(key: string): number[] | undefined {
    return this.text(key)?.split(",").filter((part) => part !== "").map(Number);
  }

  has(word: string): boolean {
    return this.words.includes(word);
  }

  /** Whatever nobody asked for is a mistake in the file. */
  checkUsed(): void {
    for (const key of this.#named.keys()) {
      if (!this.#used.has(key)) throw new SyntaxError(`${this.name} does not know ${key}=`);
    }
  }
}
