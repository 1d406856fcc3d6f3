/**
 * Firefox by WebDriver BiDi, which it speaks itself. A page is hidden behind another tab, really.
 * Source: W3C WebDriver BiDi, "browsingContext" and "script".
 * @module
 */
import { type Browser, BrowserProcess } from "./browser.ts";
import { within } from "../within.ts";

interface Answer {
  readonly id?: number;
  readonly type: string;
  readonly message?: string;
  readonly result: unknown;
}

type Call = (method: string, params: Record<string, unknown>) => Promise<unknown>;

/** Starts it. */
export async function startFirefox(executable: string): Promise<Browser> {
  await using stack = new AsyncDisposableStack();
  const process = stack.use(
    await BrowserProcess.start(
      executable,
      (folder) => ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder],
      {},
      "piped",
    ),
  );
  const { url, drained } = await addressIn(process.child.stderr);
  stack.defer(() => drained); // runs before the process is ended: see `close` below
  const socket = new WebSocket(`${url}/session`);
  await within(new Promise((resolve) => socket.onopen = resolve), "Firefox to answer", 20_000);
  const call = callsOf(socket);
  await call("session.new", { capabilities: {} });
  const context = await newTab(call);
  const cover = await newTab(call);
  const page: Browser["page"] = {
    goto: async (address) => {
      await call("browsingContext.activate", { context });
      await call("browsingContext.navigate", { context, url: address, wait: "complete" });
    },
    run: async (body, ...args) => {
      const { type, result, exceptionDetails } = await call("script.callFunction", {
        functionDeclaration: `async (text) => {
          const args = JSON.parse(text);
          return JSON.stringify(await (async (...args) => { ${body} })(...args) ?? null);
        }`,
        arguments: [{ type: "string", value: JSON.stringify(args) }],
        target: { context },
        awaitPromise: true,
      }) as { type: string; result: { value: string }; exceptionDetails: { text: string } };
      if (type === "exception") throw new Error(exceptionDetails.text);
      return JSON.parse(result.value);
    },
    hide: async () => void await call("browsingContext.activate", { context: cover }),
    show: async () => void await call("browsingContext.activate", { context }),
  };
  const owned = stack.move();
  return {
    page,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      await call("browser.close", {});
      await within(closed, "Firefox to close", 20_000);
      await owned.disposeAsync();
    },
  };
}

async function newTab(call: Call): Promise<string> {
  return (await call("browsingContext.create", { type: "tab" }) as { context: string }).context;
}

/** The address that Firefox prints; `drained` when it prints no more. */
async function addressIn(
  stderr: ReadableStream<Uint8Array>,
): Promise<{ url: string; drained: Promise<void> }> {
  const found = Promise.withResolvers<string>();
  let text = "";
  const drained = (async () => {
    for await (const part of stderr.pipeThrough(new TextDecoderStream())) {
      text = (text + part).slice(-10_000);
      const address = /ws:\/\/[\d.:]+/.exec(text)?.[0];
      if (address) found.resolve(address);
    }
    found.reject(new Error(`Firefox ended: ${text}`));
  })();
  found.promise.catch(() => {}); // whoever waits below is told
  return { url: await within(found.promise, "the address of Firefox", 30_000), drained };
}

function callsOf(socket: WebSocket): Call {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { id, type, message, result } = JSON.parse(data as string) as Answer;
    const who = id === undefined ? undefined : waiting.get(id);
    if (type === "error") who?.reject(new Error(message));
    else who?.resolve(result);
  };
  return (method, params) => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(++last, answer);
    socket.send(JSON.stringify({ id: last, method, params }));
    return within(answer.promise, `Firefox's answer to ${method}`, 60_000);
  };
}
