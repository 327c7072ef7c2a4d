/** A throw-away repository with the given files, for checks that must be seen to fail. */
export class PlantedTree implements AsyncDisposable {
  readonly root: string;

  /** Writes `files`, contents by path, and a `deno.json` where none is given. */
  constructor(files: Readonly<Record<string, string>>) {
    this.root = Deno.makeTempDirSync({ prefix: "kvorum_planted_" });
    const config = {
      name: "@planted/planted",
      version: "1.2.3",
      license: "MIT",
      exports: "./mod.ts",
    };
    const all = { "deno.json": JSON.stringify(config), ...files };
    for (const [path, text] of Object.entries(all)) {
      const folder = `${this.root}/${path}`.replace(/\/[^/]*$/, "");
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(`${this.root}/${path}`, text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}
