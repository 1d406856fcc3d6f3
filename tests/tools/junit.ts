/**
 * What `deno test --junit-path` reports, as a list of outcomes. Not an XML parser: it reads the one shape that
 * Deno writes (attributes escaped, one `<testcase>` per test and per step, steps named `test > step`).
 * @module
 */

/** One test, or one step that has no steps of its own. */
export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
}

const SUITE_OR_CASE = /<testsuite\s([^>]*)>|<testcase\s([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/**
 * The outcomes in a report. A test with steps is counted by its steps; it counts itself only when it failed
 * for a reason of its own.
 */
export function readJunit(xml: string): Outcome[] {
  const found: (Outcome & { isByStep: boolean })[] = [];
  for (const [, , attributes, body = ""] of xml.matchAll(SUITE_OR_CASE)) {
    if (attributes === undefined) continue;
    found.push({
      file: attribute(attributes, "classname"),
      name: attribute(attributes, "name"),
      result: /<(failure|error)\b/.test(body) ? "failed" : /<skipped\b/.test(body) ? "skipped" : "passed",
      isByStep: /<failure message="\d+ test steps? failed/.test(body),
    });
  }
  const parents = new Set<string>();
  for (const { file, name } of found) {
    for (let at = name.indexOf(" > "); at >= 0; at = name.indexOf(" > ", at + 1)) {
      parents.add(`${file}\n${name.slice(0, at)}`);
    }
  }
  return found
    .filter((one) => !parents.has(`${one.file}\n${one.name}`) || (one.result === "failed" && !one.isByStep))
    .map(({ file, name, result }) => ({ file, name, result }));
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value
    .replace(
      /&#(x?)([0-9a-f]+);/gi,
      (_, hex, digits) => String.fromCodePoint(parseInt(digits, hex ? 16 : 10)),
    )
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
