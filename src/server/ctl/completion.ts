import type { FlagSpec } from "../flags.ts";
import type { Command } from "./command.ts";

/** A word that can be written, and what it means. */
interface Word {
  readonly text: string;
  readonly help: string;
}

/** What can follow a command, or a half of one such as `member`; or nothing yet. */
interface Place {
  readonly path: string;
  /** Whether more may stand between the path and the words. */
  readonly isCommand: boolean;
  readonly words: readonly Word[];
}

/** What the shells can be told. */
export const SHELLS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** All places, of the commands and of those that have no table of their own. */
export function placesOf(
  commands: readonly Command[],
  others: readonly string[],
  shared: readonly FlagSpec[],
): Place[] {
  const halves = new Map<string, Word[]>([["", others.map((text) => ({ text, help: "" }))]]);
  for (const { name, help } of commands) {
    const [first, second] = name.split(" ");
    const top = halves.get("") as Word[];
    const isNew = top.every(({ text }) => text !== first);
    if (isNew) top.push({ text: first, help: second === undefined ? help : "" });
    if (second !== undefined) {
      halves.set(first, [...halves.get(first) ?? [], { text: second, help }]);
    }
  }
  const partial = [...halves].map(([path, words]) => ({ path, isCommand: false, words }));
  const whole = commands.map(({ name, flags }) => ({
    path: name,
    isCommand: true,
    words: [...flags, ...shared].map((flag) => ({ text: `--${flag.name}`, help: flag.help })),
  }));
  return [...partial, ...whole];
}

function cases(places: readonly Place[], action: (words: string) => string): string {
  return places.map(({ path, isCommand, words }) => {
    const pattern = isCommand && !path.includes(" ") ? `"${path}"|"${path} "*` : `"${path}"`;
    return `    ${pattern}) ${action(words.map(({ text }) => text).join(" "))} ;;`;
  }).join("\n");
}

function bashScript(places: readonly Place[]): string {
  return `# Completion for bash: source <(kvorum completion bash)
_kvorum() {
  local path="" words=""
  [ "$COMP_CWORD" -gt 1 ] && path="\${COMP_WORDS[1]}"
  [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}"
  case "$path" in
${cases(places, (words) => `words="${words}"`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _kvorum kvorum
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef kvorum
# Completion for zsh: source <(kvorum completion zsh)
_kvorum() {
  local path_=""
  (( CURRENT > 2 )) && path_="\${words[2]}"
  (( CURRENT > 3 )) && path_="$path_ \${words[3]}"
  case "$path_" in
${cases(places, (words) => `compadd -- ${words}`)}
  esac
}
compdef _kvorum kvorum
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, isCommand, words }) =>
    words.map(({ text, help }) => {
      const description = help === "" ? "" : ` -d '${help.replaceAll("'", "\\'")}'`;
      const word = isCommand ? `-l ${text.slice(2)}` : `-f -a ${text}`;
      return `complete -c kvorum -n '${
        fishCondition(path, isCommand, words)
      }' ${word}${description}`;
    })
  );
  return `# Completion for fish: kvorum completion fish | source\n${lines.join("\n")}\n`;
}

function fishCondition(path: string, isCommand: boolean, words: readonly Word[]): string {
  if (path === "") return "__fish_use_subcommand";
  const seen = path.split(" ").map((part) => `__fish_seen_subcommand_from ${part}`).join("; and ");
  if (isCommand) return seen;
  return `${seen}; and not __fish_seen_subcommand_from ${words.map(({ text }) => text).join(" ")}`;
}
