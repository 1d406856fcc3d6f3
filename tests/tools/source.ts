/**
 * What a TypeScript file imports and what its code says outside comments and strings. A scanner, not a parser:
 * it knows comments, strings, templates and regular expressions, which is enough to not be fooled by them.
 * @module
 */

/** One `import`, `export … from` or `import()`. */
export interface Import {
  /** As written; undefined where it is computed. */
  readonly specifier: string | undefined;
  /** Whether it vanishes when compiled: `import type`, or every name in it is a `type`. */
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** A source text in two forms of the same length, so that positions agree. */
export interface Scanned {
  /** Comments blanked. */
  readonly withStrings: string;
  /** Comments, texts and regular expressions blanked; the expressions in templates stay. */
  readonly code: string;
}

/** Words after which a `/` begins a regular expression although a word stands before it. */
const BEFORE_REGEX = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;

/** Blanks what is not code. */
export function scan(source: string): Scanned {
  const strings = source.split(""); // by code unit, so that positions are those of the text
  const code = [...strings];
  const blank = (form: string[], from: number, to: number): void => {
    for (let i = from; i < to && i < form.length; i++) if (form[i] !== "\n") form[i] = " ";
  };
  /** The depth of braces at which each open template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  /** What precedes `at`, for telling a division from a regular expression. */
  let before = "";

  const template = (): void => {
    const from = at;
    while (at < source.length) {
      if (source[at] === "\\") at += 2;
      else if (source[at] === "`") {
        blank(code, from, at);
        at++;
        before = "x";
        return;
      } else if (source[at] === "$" && source[at + 1] === "{") {
        blank(code, from, at);
        at += 2;
        templates.push(depth++);
        before = "{";
        return;
      } else at++;
    }
    blank(code, from, at);
  };

  while (at < source.length) {
    const char = source[at]!;
    const pair = source.slice(at, at + 2);
    if (pair === "//" || pair === "/*") {
      const closing = pair === "//" ? source.indexOf("\n", at) : source.indexOf("*/", at + 2);
      const end = closing < 0 ? source.length : closing + (pair === "//" ? 0 : 2);
      blank(strings, at, end);
      blank(code, at, end);
      at = end;
    } else if (char === '"' || char === "'") {
      const from = ++at;
      while (at < source.length && source[at] !== char && source[at] !== "\n") {
        at += source[at] === "\\" ? 2 : 1;
      }
      blank(code, from, at);
      at++;
      before = "x";
    } else if (char === "`") {
      at++;
      template();
    } else if (char === "/" && (/^$|[=(,:;!&|?{}[+\-*%<>~^]$/.test(before) || BEFORE_REGEX.test(before))) {
      const from = at++;
      for (let inClass = false; at < source.length && source[at] !== "\n"; at++) {
        if (source[at] === "\\") at++;
        else if (source[at] === "[") inClass = true;
        else if (source[at] === "]") inClass = false;
        else if (source[at] === "/" && !inClass) break;
      }
      at++;
      blank(strings, from, at); // a quote in it would look like a string
      blank(code, from, at);
      before = "x";
    } else if (char === "}" && templates.at(-1) === depth - 1) {
      templates.pop();
      depth--;
      at++;
      template();
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      // The last word, or the last sign: a space ends a word without hiding it.
      if (/[\w$.]/.test(char)) before = (/[\w$.]/.test(source[at - 1] ?? "") ? before : "") + char;
      else if (/\S/.test(char)) before = char;
      at++;
    }
  }
  return { withStrings: strings.join(""), code: code.join("") };
}

const FROM =
  /(?<![\w$.])(import|export)\b(?!\s*[(.:?])((?:(?!\bimport\b|\bexport\b|[;"'`=])[\s\S])*?)(["'])([^"'\n]*)\3/g;
const CALL = /(?<![\w$.])import\s*\(\s*(?:(["'])([^"'\n]*)\1)?/g;

/** Everything `source` imports, in order. */
export function importsOf(source: string): Import[] {
  const { withStrings, code } = scan(source);
  const found: (Import & { at: number })[] = [];
  for (const match of withStrings.matchAll(FROM)) {
    const [, word, clause = "", , specifier] = match;
    // Only a keyword that stands in code, not in a string, counts.
    if (code.slice(match.index, match.index + 6) !== word) continue;
    if (!/\bfrom\s*$/.test(clause) && !(word === "import" && clause.trim() === "")) continue;
    found.push({
      at: match.index,
      line: lineOf(source, match.index),
      specifier,
      isTypeOnly: isTypeOnly(clause),
    });
  }
  for (const match of withStrings.matchAll(CALL)) {
    if (code.slice(match.index, match.index + 6) !== "import") continue;
    // `import("x").T` in a type reads the same as a call; it is counted as one.
    found.push({
      at: match.index,
      line: lineOf(source, match.index),
      specifier: match[2],
      isTypeOnly: false,
    });
  }
  return found.sort((a, b) => a.at - b.at).map(({ specifier, isTypeOnly, line }) => ({
    specifier,
    isTypeOnly,
    line,
  }));
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*(from\b|,))/.test(clause)) return true;
  const names = /^\s*\{([\s\S]*)\}\s*from\s*$/.exec(clause)?.[1];
  if (names === undefined) return false;
  const list = names.split(",").map((name) => name.trim()).filter((name) => name !== "");
  return list.length > 0 && list.every((name) => /^type\s+\S/.test(name));
}

/** The line, from 1, of position `at`. */
export function lineOf(source: string, at: number): number {
  let line = 1;
  for (let i = source.indexOf("\n"); i >= 0 && i < at; i = source.indexOf("\n", i + 1)) line++;
  return line;
}
