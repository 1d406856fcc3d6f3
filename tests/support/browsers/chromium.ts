/**
 * Chromium by playwright-core. Headless it has no hidden pages: that one is hidden is only what its document says.
 * @module
 */
import { chromium } from "playwright-core";
import type { Browser } from "./browser.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
];

/** Starts it. */
export async function startChromium(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const page = await browser.newPage();
  const say = async (state: "hidden" | "visible"): Promise<void> => {
    await page.evaluate(
      `Object.defineProperties(document, {
        visibilityState: { value: "${state}", configurable: true },
        hidden: { value: ${state === "hidden"}, configurable: true },
      });
      document.dispatchEvent(new Event("visibilitychange"));`,
    );
  };
  return {
    page: {
      goto: async (url) => void await page.goto(url),
      run: async (body, ...args) =>
        JSON.parse(
          await page.evaluate(`(async (...args) => { ${body} })(...${JSON.stringify(args)})
            .then((value) => JSON.stringify(value ?? null))`),
        ),
      hide: () => say("hidden"),
      show: () => say("visible"),
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
