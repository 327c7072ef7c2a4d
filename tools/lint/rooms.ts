/**
 * Lint rules of this repository: what a room may not say (`layers.ts` says which room stands on
 * what), and the few habits that the recommended rules do not know.
 */
import { type Platform, roomOf, ROOMS } from "../layers.ts";

/** The rooms that never wait and never ask what time it is. */
const IMPURE = new Map([
  ["Date", "pass time in as a number, or take a Clock"],
  ["Temporal", "pass time in as a number, or take a Clock"],
  ["Intl", "results depend on the machine's locale"],
  ["WeakRef", "results depend on the garbage collector"],
  ["FinalizationRegistry", "results depend on the garbage collector"],
  ["console", "return what happened; the rim logs it"],
  ["performance", "pass time in as a number, or take a Clock"],
  ["crypto", "take a Prng, or the bytes"],
  ["fetch", "the rim does input and output"],
  ["setTimeout", "count ticks; the driver holds the Clock"],
  ["setInterval", "count ticks; the driver holds the Clock"],
  ["queueMicrotask", "return instead; the driver decides when to go on"],
]);

/** Follows code back to its room, for real paths and for the planted ones of tests. */
function roomOfFile(filename: string): string | undefined {
  const path = filename.replaceAll("\\", "/");
  const at = path.lastIndexOf("/src/");
  return roomOf(at < 0 ? path : path.slice(at + 1));
}

function platformOf(context: Deno.lint.RuleContext): Platform | undefined {
  return ROOMS[roomOfFile(context.filename) ?? ""]?.platform;
}

function inSource(context: Deno.lint.RuleContext): boolean {
  return roomOfFile(context.filename) !== undefined;
}

/** Whether an identifier is a use of the global name and no key: not `x.name`, not `{ name: … }`. */
function isGlobalUse(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  if (parent.type === "MemberExpression") {
    const { object } = parent;
    const onGlobal = object.type === "Identifier" && object.name === "globalThis";
    return object === node || parent.computed || onGlobal;
  }
  if (parent.type === "Property") return parent.value === node;
  return !KEYED.has(parent.type);
}

/** Where a plain name is a key. */
const KEYED = new Set([
  "MethodDefinition",
  "PropertyDefinition",
  "TSPropertySignature",
  "TSMethodSignature",
  "ImportSpecifier",
  "ExportSpecifier",
]);

/** Pure rooms: no clock, no chance, no output, no locale. */
const pure: Deno.lint.Rule = {
  create(context) {
    if (platformOf(context) !== "ecmascript") return {};
    return {
      Identifier(node) {
        const hint = IMPURE.get(node.name);
        if (hint === undefined || !isGlobalUse(node)) return;
        context.report({ node, message: `${node.name} has no place in a pure room`, hint });
      },
      'MemberExpression[object.name="Math"][property.name="random"]'(node) {
        context.report({
          node,
          message: "Math.random has no place in a pure room",
          hint: "take a Prng",
        });
      },
      "CallExpression[callee.property.name=/^(localeCompare|toLocale.*)$/]"(node) {
        context.report({ node, message: "the result depends on the machine's locale" });
      },
      AwaitExpression(node) {
        context.report({ node, message: "a pure room never waits", hint: "the driver waits" });
      },
    };
  },
};

/** `Deno` is named only where the table says that the room stands on Deno. */
const platform: Deno.lint.Rule = {
  create(context) {
    const stands = platformOf(context);
    if (stands === undefined || stands === "deno") return {};
    const hint = "only adapters and src/server may; take a function or an opened handle instead";
    return {
      Identifier(node) {
        if (node.name !== "Deno" || !isGlobalUse(node)) return;
        context.report({ node, message: "this room does not know Deno", hint });
      },
      "TSQualifiedName[left.name='Deno']"(node) {
        context.report({ node, message: "this room does not know Deno", hint });
      },
    };
  },
};

/** A rejection that nobody sees is a bug that nobody finds. */
const noSilentCatch: Deno.lint.Rule = {
  create(context) {
    return {
      'CallExpression[callee.property.name="catch"]'(node: Deno.lint.CallExpression) {
        const handler = node.arguments[0];
        if (
          handler?.type !== "ArrowFunctionExpression" && handler?.type !== "FunctionExpression"
        ) return;
        const body = handler.body;
        const silent = body?.type === "BlockStatement"
          ? body.body.length === 0
          : body?.type === "Identifier" && body.name === "undefined";
        if (!silent) return;
        context.report({
          node,
          message: "this swallows every failure",
          hint: "handle the error that is expected and let the others through",
        });
      },
      'ExpressionStatement > UnaryExpression[operator="void"]'(node) {
        if (!inSource(context)) return;
        context.report({
          node,
          message: "a promise that nobody waits for loses its failure",
          hint: "await it, or hand it to what owns background work",
        });
      },
    };
  },
};

/** One way to write it: string unions instead of enums, `#x` instead of `private`, named exports. */
const dialect: Deno.lint.Rule = {
  create(context) {
    if (!inSource(context)) return {};
    return {
      TSEnumDeclaration(node) {
        context.report({ node, message: "no enum", hint: "a const object or a string union" });
      },
      "[accessibility=/^(private|protected)$/]"(node: Deno.lint.Node) {
        // A constructor has no `#` form.
        if (node.type === "MethodDefinition" && node.kind === "constructor") return;
        context.report({ node, message: "no access keyword", hint: "write #name" });
      },
      TSParameterProperty(node) {
        context.report({ node, message: "no parameter property", hint: "declare the field" });
      },
      ExportDefaultDeclaration(node) {
        context.report({ node, message: "no default export", hint: "export it by name" });
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "kvorum",
  rules: { pure, platform, "no-silent-catch": noSilentCatch, dialect },
};
export default plugin;
