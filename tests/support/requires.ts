/**
 * Tests that need something which may not be installed: a browser, a database. Where it is missing they are
 * skipped, and the closing summary of `deno task test` says why; with `SKEIN_REQUIRE_ALL=1` (as in CI) they fail.
 * @module
 */

/** Something a test needs, looked for once. */
export interface Optional<T> {
  /** What was found; undefined where it is missing. */
  readonly found: T | undefined;
  /** `needs chromium: not found in …`; undefined where it was found. */
  readonly reason: string | undefined;
  /** Registers a test that gets what was found; skipped with the reason, or failing, where it is missing. */
  test(name: string, fn: (found: T, t: Deno.TestContext) => void | Promise<void>): void;
  /** The same with the options of `Deno.test`, such as `sanitizeResources`. */
  test(
    options: Omit<Deno.TestDefinition, "fn">,
    fn: (found: T, t: Deno.TestContext) => void | Promise<void>,
  ): void;
}

/** The environment variable that names the file where {@linkcode Note}s are left for tests/run.ts, one a line. */
export const NOTES = "SKEIN_TEST_NOTES";

/** What Deno's report does not say of a test registered here. */
export interface Note {
  readonly name: string;
  /** The test file; Deno would name this one. */
  readonly file: string;
  /** Why it is skipped, where it is. */
  readonly reason: string | undefined;
}

/**
 * Looks for `what`: `find` returns it, or undefined, or throws an error that says what is missing.
 *
 * ```ts ignore
 * const chromium = await optional("chromium", () => executable("chromium", "chromium-browser"));
 * chromium.test("Chat shows a message in two pages", async (path) => { … });
 * ```
 */
export async function optional<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
): Promise<Optional<T>> {
  let found: T | undefined;
  let why = "not found";
  try {
    found = await find();
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  const reason = found === undefined ? `needs ${what}: ${why}` : undefined;
  return {
    found,
    reason,
    test(
      given: string | Omit<Deno.TestDefinition, "fn">,
      fn: (found: T, t: Deno.TestContext) => void | Promise<void>,
    ): void {
      const options = typeof given === "string" ? { name: given } : given;
      const isRequired = Deno.env.get("SKEIN_REQUIRE_ALL") === "1";
      note({ name: options.name, file: callingFile(), reason: isRequired ? undefined : reason });
      Deno.test({
        ...options,
        ignore: options.ignore === true || (reason !== undefined && !isRequired),
        fn: (t) => {
          if (reason !== undefined) throw new Error(`${reason} (SKEIN_REQUIRE_ALL=1)`);
          return fn(found!, t);
        },
      });
    },
  };
}

/** Registers a test that is skipped here for good: no `SKEIN_REQUIRE_ALL` makes a platform do what it cannot. */
export function skip(name: string, reason: string): void {
  note({ name, file: callingFile(), reason });
  Deno.test({ name, ignore: true, fn: () => {} });
}

/** The path of the first of `names` that is on the PATH and executable. */
export function executable(...names: string[]): string | undefined {
  const isWindows = Deno.build.os === "windows";
  const folders = (Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":").filter((folder) => folder !== "");
  for (const name of names) {
    for (const folder of folders) {
      const path = `${folder}/${name}${isWindows ? ".exe" : ""}`;
      try {
        const info = Deno.statSync(path);
        if (info.isFile && (isWindows || ((info.mode ?? 0) & 0o111) !== 0)) return path;
      } catch {
        // not in this folder
      }
    }
  }
  throw new Error(`no ${names.join(" or ")} on the PATH`);
}

function note(entry: Note): void {
  const file = Deno.env.get(NOTES);
  if (file) Deno.writeTextFileSync(file, JSON.stringify(entry) + "\n", { append: true });
}

/** The file that called into this one, as Deno's report writes paths: `./tests/x_test.ts`. */
function callingFile(): string {
  for (const [address] of (new Error().stack ?? "").matchAll(/file:\/\/[^\s)]*?(?=:\d+:\d+)/g)) {
    if (address === import.meta.url || address?.endsWith("/tests/support/target.ts")) continue;
    const root = new URL("../../", import.meta.url).href;
    return address.startsWith(root) ? `./${address.slice(root.length)}` : address;
  }
  return "";
}
