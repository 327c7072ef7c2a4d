import { assert } from "@std/assert";
import { npmPackage } from "../../runtimes/npm_program.ts";
import {
  type Browser,
  type CDPSession,
  chromium as playwright,
  type Page,
} from "npm:playwright-core@1.65.1";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

const STARTS_MAX = 3;

/** Unpacks the package's Chromium, unless it is there already, and says where. */
const WHERE = `import("@sparticuz/chromium")
  .then(({ default: chromium }) => chromium.executablePath()).then((path) => console.log(path))`;
let unpacked: Promise<string> | null = null;

async function executablePath(): Promise<string> {
  const cwd = await npmPackage("@sparticuz/chromium", "147.0.0");
  const { success, stdout, stderr } = await new Deno.Command("node", {
    args: ["--input-type=module", "--eval", WHERE],
    cwd,
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** A Chromium of our own, whose data lives in a profile, with one page. */
export class ChromiumPage {
  readonly page: Page;
  readonly #process: Deno.ChildProcess;
  readonly #browser: Browser;
  #session: CDPSession | null = null;

  private constructor(process: Deno.ChildProcess, browser: Browser, page: Page) {
    this.#process = process;
    this.#browser = browser;
    this.page = page;
  }

  /** Starts Chromium on a profile and opens `url`. */
  static async open(profile: string, url: string): Promise<ChromiumPage> {
    const [process, browser] = await startBrowser(profile);
    const page = await browser.contexts()[0].newPage();
    await page.goto(url);
    return new ChromiumPage(process, browser, page);
  }

  /** Gives the site of `url` so many bytes and no more. */
  async setQuota(url: string, quotaSize: number): Promise<void> {
    // The quota holds as long as the session that set it.
    this.#session ??= await this.page.context().newCDPSession(this.page);
    const { origin } = new URL(url);
    await this.#session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
  }

  /** Ends the browser as it likes to be ended. */
  async close(): Promise<void> {
    const session = await this.#browser.newBrowserCDPSession();
    await session.send("Browser.close");
    await this.#process.status;
    await this.#browser.close();
  }

  /** Ends the browser at once (SIGKILL), whatever it is doing. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#browser.close();
  }
}

/** Starts Chromium. On a busy machine it may end before anybody has reached it, and is started again. */
async function startBrowser(profile: string): Promise<[Deno.ChildProcess, Browser]> {
  for (let start = 1;; start++) {
    const process = new Deno.Command(await (unpacked ??= executablePath()), {
      args: [...ARGUMENTS, `--user-data-dir=${profile}`, "about:blank"],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      return [process, await playwright.connectOverCDP(await debuggingUrl(process.stderr))];
    } catch (error) {
      if (start === STARTS_MAX) throw error;
      await end(process);
    }
  }
}

async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
  await process.status;
}

/** Where Chromium can be steered from, which it tells on its error output. */
async function debuggingUrl(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const [head, rest] = stderr.tee();
  // Chromium must always find its pipe emptied.
  rest.pipeTo(new WritableStream()).catch((error) => reportError(error));
  let text = "";
  for await (const piece of head.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const found = /DevTools listening on (ws:\S+)/.exec(text);
    if (found !== null) return found[1];
  }
  throw new Error(`Chromium did not start: ${text}`);
}
