/**
 * The real browsers of tests, each where it is installed.
 * @module
 */
import type { Browser } from "./browsers/browser.ts";
import { startChromium } from "./browsers/chromium.ts";
import { startFirefox } from "./browsers/firefox.ts";
import { miniBrowser, startWebKit } from "./browsers/webkit.ts";
import { executable, type Optional, optional } from "./requires.ts";

export type { Browser, Page } from "./browsers/browser.ts";

/** Starts a browser. */
export type Start = () => Promise<Browser>;

/** By name. */
export const BROWSERS: Readonly<Record<"Chromium" | "Firefox" | "WebKit", Optional<Start>>> = {
  Chromium: await optional("Chromium", () => {
    const path = executable("chromium", "chromium-browser", "google-chrome");
    return path ? () => startChromium(path) : undefined;
  }),
  Firefox: await optional("Firefox", () => {
    const path = executable("firefox-esr", "firefox");
    return path ? () => startFirefox(path) : undefined;
  }),
  WebKit: await optional("WebKit (webkit2gtk-driver, xvfb)", () => {
    const [driver, browser, xvfb] = [executable("WebKitWebDriver"), miniBrowser(), executable("Xvfb")];
    return driver && browser && xvfb ? () => startWebKit(driver, browser, xvfb) : undefined;
  }),
};
