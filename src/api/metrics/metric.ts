/** Numbers about a running server, in the text form that Prometheus collects. */

/** The labels of one sample. */
export type Labels = Readonly<Record<string, string>>;

/** One name with all its samples. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** The samples at this moment, each as a line: name, labels and value. */
  lines(): Iterable<string>;
}

/** A number that the code that owns it counts up. */
export interface Cell {
  value: number;
}

/** Counts what happens, apart for each set of labels. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #cells = new Map<string, Cell>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  /**
   * The count for a set of labels. Whoever counts often keeps it.
   *
   * Safety: labels come from a small set, never from what a client says as it is: a count is kept
   * for ever.
   */
  cell(labels: Labels = {}): Cell {
    const key = labelText(labels);
    let cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, cell = { value: 0 });
    return cell;
  }

  *lines(): Iterable<string> {
    for (const [labels, { value }] of this.#cells) yield `${this.name}${labels} ${value}`;
  }
}

/** A value that is looked up when somebody asks. */
export function gauge(name: string, help: string, read: () => number): Metric {
  return { name, help, type: "gauge", lines: () => [sample(name, {}, read())] };
}

/** As {@linkcode gauge}, for a number that never falls while the server runs. */
export function counterOf(name: string, help: string, read: () => number): Metric {
  return { ...gauge(name, help, read), type: "counter" };
}

/** Values that are looked up together, each with its labels. */
export function gauges(
  name: string,
  help: string,
  read: () => Iterable<readonly [Labels, number]>,
): Metric {
  const lines = () => Array.from(read(), ([labels, value]) => sample(name, labels, value));
  return { name, help, type: "gauge", lines };
}

/** How often a measured value lay below each of some bounds. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @param bounds The upper bounds of the buckets, ascending. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  /** Takes a value in. */
  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket !== -1) this.#counts[bucket]++;
  }

  *lines(): Iterable<string> {
    let below = 0;
    for (const [i, bound] of this.#bounds.entries()) {
      below += this.#counts[i];
      yield `${this.name}_bucket${labelText({ le: String(bound) })} ${below}`;
    }
    yield `${this.name}_bucket${labelText({ le: "+Inf" })} ${this.#count}`;
    yield `${this.name}_sum ${this.#sum}`;
    yield `${this.name}_count ${this.#count}`;
  }
}

/** All metrics of a server. */
export class Metrics {
  readonly #metrics: Metric[] = [];

  /** Takes metrics in. */
  add(...metrics: readonly Metric[]): void {
    this.#metrics.push(...metrics);
  }

  /** Makes a counter that is part of these metrics. */
  counter(name: string, help: string): Counter {
    const counter = new Counter(name, help);
    this.add(counter);
    return counter;
  }

  /** All of it in Prometheus's text form, by name. Ref: Prometheus's exposition formats, 0.0.4. */
  text(): string {
    let text = "";
    const sorted = this.#metrics.toSorted((a, b) => a.name < b.name ? -1 : 1);
    for (const metric of sorted) {
      const { name, help, type } = metric;
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (const line of metric.lines()) text += `${line}\n`;
    }
    return text;
  }
}

function sample(name: string, labels: Labels, value: number): string {
  const text = value === Infinity ? "+Inf" : String(value);
  return `${name}${labelText(labels)} ${text}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
