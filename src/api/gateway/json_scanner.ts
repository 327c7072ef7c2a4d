/**
 * Finds where JSON values end in a stream of bytes, and says what is wrong with those that are none
 * in the words of Go's encoding/json, which etcd's clients see. `JSON.parse` does the parsing of
 * what is found whole. Ref: RFC 8259.
 */

/** Bytes that are not JSON. The message is Go's. */
export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";
}

/** Values nested deeper than this are refused, as Go does. */
const DEPTH_MAX = 10_000;

/** What the scanner expects next. */
const Expect = {
  Value: 0,
  ValueOrEnd: 1,
  Key: 2,
  KeyOrEnd: 3,
  Colon: 4,
  CommaOrEnd: 5,
  String: 6,
  Escape: 7,
  Hex: 8,
  Literal: 9,
  FirstDigit: 10,
  AfterZero: 11,
  Digits: 12,
  FirstFraction: 13,
  Fraction: 14,
  ExponentSign: 15,
  FirstExponent: 16,
  Exponent: 17,
} as const;
type Expect = typeof Expect[keyof typeof Expect];

/** The words that end a message about a character at the wrong place. */
const CONTEXT: Partial<Record<Expect, string>> = {
  [Expect.Value]: "looking for beginning of value",
  [Expect.ValueOrEnd]: "looking for beginning of value",
  [Expect.Key]: "looking for beginning of object key string",
  [Expect.KeyOrEnd]: "looking for beginning of object key string",
  [Expect.Colon]: "after object key",
  [Expect.String]: "in string literal",
  [Expect.Escape]: "in string escape code",
  [Expect.Hex]: "in \\u hexadecimal character escape",
  [Expect.FirstDigit]: "in numeric literal",
  [Expect.FirstFraction]: "after decimal point in numeric literal",
  [Expect.ExponentSign]: "in exponent of numeric literal",
  [Expect.FirstExponent]: "in exponent of numeric literal",
};

const LITERALS: Readonly<Record<number, string>> = { 0x74: "true", 0x66: "false", 0x6e: "null" };
const OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d, OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22, BACKSLASH = 0x5c, MINUS = 0x2d, COMMA = 0x2c, COLON = 0x3a, DOT = 0x2e;

/** A scanner of one value after the other. It keeps its place between calls. */
export class JsonScanner {
  #expect: Expect = Expect.Value;
  /** The open containers, outermost first, by their opening byte. */
  #open: number[] = [];
  /** Whether the string under way is an object's key. */
  #isKey = false;
  #literal = "";
  /** How far into a literal or an escape of four digits the scanner is. */
  #progress = 0;
  #started = false;

  /** Whether a value has begun and not ended. */
  get inValue(): boolean {
    return this.#started;
  }

  /**
   * Reads from `from` to the end of the value under way.
   *
   * @returns the index after the value's last byte, or -1 when the bytes end before the value does
   * @throws {JsonSyntaxError} when the bytes are no JSON
   */
  scan(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (this.#endsNumber(byte)) {
        if (this.#open.length === 0) return this.#finish(i);
        this.#expect = Expect.CommaOrEnd;
      }
      if (this.#step(byte) && this.#open.length === 0) return this.#finish(i + 1);
    }
    return -1;
  }

  /**
   * Says that no more bytes come. A number at the outermost level ends here.
   *
   * @returns whether a value ends here
   * @throws {JsonSyntaxError} when a value has begun and cannot end here
   */
  end(): boolean {
    if (!this.#started) return false;
    if (this.#open.length === 0 && this.#endsNumber(0x20)) {
      this.#finish(0);
      return true;
    }
    throw new JsonSyntaxError("unexpected EOF");
  }

  #finish(index: number): number {
    this.#expect = Expect.Value;
    this.#started = false;
    return index;
  }

  /** Whether a number is under way and `byte` is not part of it any more. */
  #endsNumber(byte: number): boolean {
    switch (this.#expect) {
      case Expect.AfterZero:
        return byte !== DOT && byte !== 0x65 && byte !== 0x45;
      case Expect.Digits:
        return !isDigit(byte) && byte !== DOT && byte !== 0x65 && byte !== 0x45;
      case Expect.Fraction:
        return !isDigit(byte) && byte !== 0x65 && byte !== 0x45;
      case Expect.Exponent:
        return !isDigit(byte);
      default:
        return false;
    }
  }

  /** Takes one byte. Returns whether a value (not a number) ended with it. */
  #step(byte: number): boolean {
    switch (this.#expect) {
      case Expect.String:
        return this.#string(byte);
      case Expect.Escape:
        return this.#escape(byte);
      case Expect.Hex:
        if (!isHex(byte)) this.#fail(byte);
        if (++this.#progress === 4) this.#expect = Expect.String;
        return false;
      case Expect.Literal:
        return this.#inLiteral(byte);
      case Expect.Value:
      case Expect.ValueOrEnd:
      case Expect.Key:
      case Expect.KeyOrEnd:
      case Expect.Colon:
      case Expect.CommaOrEnd:
        return isSpace(byte) ? false : this.#structure(byte);
      default:
        this.#number(byte);
        return false;
    }
  }

  #structure(byte: number): boolean {
    const expect = this.#expect;
    switch (expect) {
      case Expect.ValueOrEnd:
        return byte === CLOSE_BRACKET ? this.#close() : this.#begin(byte);
      case Expect.Value:
        return this.#begin(byte);
      case Expect.KeyOrEnd:
      case Expect.Key:
        if (byte === CLOSE_BRACE && expect === Expect.KeyOrEnd) return this.#close();
        if (byte !== QUOTE) this.#fail(byte);
        this.#isKey = true;
        this.#expect = Expect.String;
        return false;
      case Expect.Colon:
        if (byte !== COLON) this.#fail(byte);
        this.#expect = Expect.Value;
        return false;
      default: {
        const inObject = this.#open[this.#open.length - 1] === OPEN_BRACE;
        if (byte === (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return this.#close();
        if (byte !== COMMA) {
          this.#fail(byte, inObject ? "after object key:value pair" : "after array element");
        }
        this.#expect = inObject ? Expect.Key : Expect.Value;
        return false;
      }
    }
  }

  #begin(byte: number): false {
    this.#started = true;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#open.push(byte);
      if (this.#open.length > DEPTH_MAX) this.#fail(byte, "exceeded max depth");
      this.#expect = byte === OPEN_BRACE ? Expect.KeyOrEnd : Expect.ValueOrEnd;
    } else if (byte === QUOTE) {
      this.#isKey = false;
      this.#expect = Expect.String;
    } else if (byte === MINUS) {
      this.#expect = Expect.FirstDigit;
    } else if (isDigit(byte)) {
      this.#expect = byte === 0x30 ? Expect.AfterZero : Expect.Digits;
    } else if (LITERALS[byte] !== undefined) {
      this.#literal = LITERALS[byte];
      this.#progress = 1;
      this.#expect = Expect.Literal;
    } else {
      this.#fail(byte);
    }
    return false;
  }

  #close(): true {
    this.#open.pop();
    this.#expect = Expect.CommaOrEnd;
    return true;
  }

  #string(byte: number): boolean {
    if (byte === QUOTE) {
      this.#expect = this.#isKey ? Expect.Colon : Expect.CommaOrEnd;
      return !this.#isKey;
    }
    if (byte < 0x20) this.#fail(byte);
    if (byte === BACKSLASH) this.#expect = Expect.Escape;
    return false;
  }

  #escape(byte: number): false {
    if (byte === 0x75) {
      this.#progress = 0;
      this.#expect = Expect.Hex;
    } else {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#fail(byte);
      this.#expect = Expect.String;
    }
    return false;
  }

  #inLiteral(byte: number): boolean {
    const literal = this.#literal;
    const expected = literal[this.#progress];
    if (byte !== expected.charCodeAt(0)) {
      this.#fail(byte, `in literal ${literal} (expecting ${quoted(expected.charCodeAt(0))})`);
    }
    if (++this.#progress < literal.length) return false;
    this.#expect = Expect.CommaOrEnd;
    return true;
  }

  #number(byte: number): void {
    const expect = this.#expect;
    if (expect === Expect.ExponentSign && (byte === MINUS || byte === 0x2b)) {
      this.#expect = Expect.FirstExponent;
    } else if (isDigit(byte)) {
      if (expect === Expect.FirstDigit) {
        this.#expect = byte === 0x30 ? Expect.AfterZero : Expect.Digits;
      } else if (expect === Expect.FirstFraction) this.#expect = Expect.Fraction;
      else if (expect === Expect.ExponentSign || expect === Expect.FirstExponent) {
        this.#expect = Expect.Exponent;
      }
    } else if (CONTEXT[expect] !== undefined) this.#fail(byte);
    else this.#expect = byte === DOT ? Expect.FirstFraction : Expect.ExponentSign;
  }

  #fail(byte: number, context: string | undefined = CONTEXT[this.#expect]): never {
    throw new JsonSyntaxError(`invalid character ${quoted(byte)} ${context}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

/** Whether a byte is white space between JSON's tokens. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  0x07: "\\a",
  0x08: "\\b",
  0x09: "\\t",
  0x0a: "\\n",
  0x0b: "\\v",
  0x0c: "\\f",
  0x0d: "\\r",
  0x27: "\\'",
  0x5c: "\\\\",
};

/** A byte as Go shows it in a message: quoted, and escaped where it does not print. */
function quoted(byte: number): string {
  const short = SHORT_ESCAPES[byte];
  if (short !== undefined) return `'${short}'`;
  const hex = byte.toString(16);
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex.padStart(2, "0")}'`;
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u${hex.padStart(4, "0")}'`;
  return `'${String.fromCharCode(byte)}'`;
}
