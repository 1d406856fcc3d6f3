/**
 * WebKit (WebKitGTK's MiniBrowser) by WebDriver, on a display of its own. Its window is minimized to hide the page,
 * really.
 * Source: W3C WebDriver.
 * @module
 */
import { type Browser, BrowserProcess, freePort } from "./browser.ts";

/** Where Debian's packages put MiniBrowser: no package has it in the path. */
const FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/libexec"];

/** The path of MiniBrowser; undefined where it is not installed. */
export function miniBrowser(): string | undefined {
  for (const folder of FOLDERS) {
    for (const version of ["webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0"]) {
      const path = `${folder}/${version}/MiniBrowser`;
      try {
        if (Deno.statSync(path).isFile) return path;
      } catch { /* Not there: the next. */ }
    }
  }
  return undefined;
}

/** Starts it, with the driver's and the browser's executables and that of Xvfb. */
export async function startWebKit(driver: string, binary: string, xvfb: string): Promise<Browser> {
  await using stack = new AsyncDisposableStack();
  const display = `:${100 + freePort() % 50_000}`;
  stack.use(
    await BrowserProcess.start(xvfb, () => [display, "-screen", "0", "1024x768x24", "-nolisten", "tcp"]),
  );
  const port = freePort();
  stack.use(
    await BrowserProcess.start(driver, () => [`--port=${port}`], {
      DISPLAY: display,
      LIBGL_ALWAYS_SOFTWARE: "1",
      // Tests run as root, and in containers without user namespaces.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    }),
  );
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKit's answer to ${path}: ${value.message}`);
    return value;
  };
  const session = await begun(call, binary);
  const page: Browser["page"] = {
    goto: async (url) => void await call("POST", `${session}/url`, { url }),
    run: async (body, ...args) => {
      const [value, error] = await call("POST", `${session}/execute/async`, {
        script: `const done = [].pop.call(arguments);
          (async (...args) => { ${body} })(...arguments)
            .then((value) => done([value ?? null]), (error) => done([null, String(error)]));`,
        args,
      }) as [value: never, error?: string];
      if (error !== undefined) throw new Error(error);
      return value;
    },
    hide: async () => void await call("POST", `${session}/window/minimize`, {}),
    show: async () =>
      void await call("POST", `${session}/window/rect`, { x: 0, y: 0, width: 1000, height: 700 }),
  };
  const owned = stack.move();
  return {
    page,
    async [Symbol.asyncDispose]() {
      try {
        await call("DELETE", session);
      } finally {
        await owned.disposeAsync();
      }
    },
  };
}

/** The path of a session. The driver and the display take their time to be there. */
async function begun(
  call: (method: string, path: string, body: unknown) => Promise<unknown>,
  binary: string,
): Promise<string> {
  const alwaysMatch = { "webkitgtk:browserOptions": { binary, args: ["--automation"] } };
  for (let tries = 0;; tries++) {
    try {
      const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch } }) as {
        sessionId: string;
      };
      return `/session/${sessionId}`;
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
