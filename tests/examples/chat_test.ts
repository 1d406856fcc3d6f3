/**
 * The chat as a newcomer has it: the README's command, and two tabs of headless Chromium.
 *
 * One browser and one server for all steps, because the steps tell one story: later ones need what earlier ones
 * did. Screenshots go to `.tmp/`, which git ignores.
 * @module
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { executable, optional } from "../support/requires.ts";

const SHOTS = ".tmp/chat";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Text that would run as a script, wherever somebody took it for HTML. */
const ATTACK = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>`;

/** The chat's server: `deno task start` in a child process. */
class ChatServer {
  readonly url: string;
  readonly #port: number;
  #child: Deno.ChildProcess | undefined;

  constructor(port: number) {
    this.#port = port;
    this.url = `http://localhost:${port}/`;
  }

  /** Starts it, and waits until it prints its address. */
  async start(): Promise<void> {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["task", "start"],
      cwd: new URL("../..", import.meta.url),
      env: { PORT: String(this.#port), NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let printed = "";
    while (!printed.includes(this.url)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The chat ended before it listened: ${printed}`);
      printed += value;
    }
    await reader.cancel();
  }

  /** Stops it like Ctrl+C does: no goodbye to anybody. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.status;
    this.#child = undefined;
  }
}

/** A person at a page: what the test sees, in the words of the page. */
class Visitor {
  readonly page: Page;
  readonly nickname: string;
  readonly errors: string[] = [];

  constructor(page: Page, nickname: string) {
    this.page = page;
    this.nickname = nickname;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  async enter(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.fill("#nickname", this.nickname);
    await this.page.press("#nickname", "Enter");
    // On a phone the name is in the closed drawer.
    await this.page.locator("#me-name", { hasText: this.nickname }).waitFor({ state: "attached" });
  }

  async say(text: string): Promise<void> {
    await this.page.fill("#text", text);
    await this.page.press("#text", "Enter");
  }

  /** Waits until a message with exactly this text is shown. */
  async sees(text: string): Promise<void> {
    await this.bubble(text).first().waitFor();
  }

  /** How often a message with exactly this text is shown. */
  count(text: string): Promise<number> {
    return this.bubble(text).count();
  }

  bubble(text: string) {
    return this.page.locator(".bubble").getByText(text, { exact: true });
  }

  /** Waits until exactly these are online, in any order. */
  async seesOnline(...nicknames: string[]): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const shown = Array.from(document.querySelectorAll("#people .name"), (name) => name.textContent);
      return JSON.stringify(shown.sort()) === wanted;
    }, JSON.stringify(nicknames.toSorted()));
  }

  async goTo(room: string): Promise<void> {
    await this.page.click(`[data-room="${room}"]`);
    await this.page.locator("#room-name", { hasText: room }).waitFor();
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: `${SHOTS}/${name}.png` });
  }
}

// The page's own globals, as functions given to `waitForFunction` and `evaluate` see them.
declare const document: {
  querySelectorAll(selector: string): Iterable<{ textContent: string; src: string }>;
  querySelector(selector: string): { src: string; complete: boolean; naturalWidth: number } | null;
};

const chromiumPath = await optional("chromium", () => executable("chromium", "chromium-browser"));

chromiumPath.test("Chat works between two tabs of a browser", async (executablePath, t) => {
  await Deno.mkdir(SHOTS, { recursive: true });
  const server = new ChatServer(freePort());
  await server.start();
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  try {
    await story(t, server, browser);
  } finally {
    await browser.close();
    await server.stop();
  }
});

async function story(t: Deno.TestContext, server: ChatServer, browser: Browser): Promise<void> {
  const context = await newContext(browser, 1200, 780);
  const ada = new Visitor(await context.newPage(), "Ada");
  const grace = new Visitor(await context.newPage(), "Grace Hopper");
  const step = async (name: string, run: () => Promise<void>) => {
    // A step without its predecessors proves nothing, so that the first failure ends the story.
    if (!await t.step(name, run)) throw new Error(`Failed: ${name}`);
  };

  await step("Page asks for a nickname and refuses one that is taken", async () => {
    await ada.page.goto(server.url);
    await ada.page.locator("#hello[open]").waitFor();
    await ada.shot("hello");
    await ada.enter(server.url);
    await grace.page.goto(server.url);
    await grace.page.fill("#nickname", "ADA");
    await grace.page.press("#nickname", "Enter");
    await grace.page.locator("#hello-error", { hasText: "called ADA already" }).waitFor();
    await grace.enter(server.url);
  });

  await step("Both pages show who is online and that somebody joined", async () => {
    await ada.seesOnline("Ada", "Grace Hopper");
    await grace.seesOnline("Ada", "Grace Hopper");
    await ada.page.locator(".notice", { hasText: "Grace Hopper joined" }).waitFor();
  });

  await step("Transport becomes websocket", async () => {
    await ada.page.locator('#status[data-state="websocket"]').waitFor();
    await grace.page.locator('#status[data-state="websocket"]').waitFor();
  });

  await step("Messages arrive in both directions, once each", async () => {
    await ada.say("Good morning! Did the new build start on your machine?");
    await grace.sees("Good morning! Did the new build start on your machine?");
    await grace.say("It did. One command, and it printed its address.");
    await grace.say('I looked at the packets too:\n42["say", …] and then 43 with the answer.');
    await ada.sees("It did. One command, and it printed its address.");
    await ada.say("👍");
    await grace.sees("👍");
    assertEquals(await ada.count("👍"), 1);
    assertEquals(await grace.count("👍"), 1);
  });

  await step("Typing indicator comes and goes", async () => {
    await grace.page.locator("#text").pressSequentially("hm");
    await ada.page.locator("#typing", { hasText: "Grace Hopper is typing" }).waitFor();
    await grace.page.fill("#text", "");
    await ada.page.locator("#typing", { hasText: /^$/ }).waitFor({ state: "attached" });
  });

  await step("Picture arrives byte for byte", async () => {
    const bytes = await pictureOf(grace.page);
    await grace.page.setInputFiles("#file", { name: "sea.png", mimeType: "image/png", buffer: bytes });
    await grace.page.locator("#preview img").waitFor();
    await grace.page.fill("#text", "The sea this morning");
    await grace.shot("preview");
    await grace.page.press("#text", "Enter");
    await ada.sees("The sea this morning");
    assertEquals(await shownHash(ada.page), await sha256(bytes));
  });

  await step("History of the room, its picture too, comes back after a reload", async () => {
    await ada.page.reload();
    await ada.sees("The sea this morning");
    await ada.seesOnline("Ada", "Grace Hopper"); // the nickname was kept: no dialog
    assertEquals(await ada.page.locator("#hello[open]").count(), 0);
    assertEquals(await shownHash(ada.page), await sha256(await pictureOf(ada.page)));
    await ada.page.locator('#status[data-state="websocket"]').waitFor();
  });

  await step("Pages look as they should", async () => {
    await grace.page.locator("#text").pressSequentially("and");
    await ada.page.locator("#typing", { hasText: "typing" }).waitFor();
    await ada.shot("desktop");
    await grace.shot("desktop-other");
    await ada.page.emulateMedia({ colorScheme: "dark" });
    await ada.shot("dark");
    await ada.page.emulateMedia({ colorScheme: "light" });
    await grace.page.fill("#text", "");
  });

  await step("Room isolates: others get an unread badge, not the message", async () => {
    await grace.goTo("design");
    await ada.seesOnline("Ada");
    await grace.say("Only for designers");
    await grace.sees("Only for designers");
    await ada.page.locator('[data-room="design"] .badge', { hasText: "1" }).waitFor();
    assertEquals(await ada.count("Only for designers"), 0);
    assertEquals(await grace.count("The sea this morning"), 0);
    await ada.goTo("design");
    await ada.sees("Only for designers");
    assertEquals(await ada.page.locator(".badge:visible").count(), 0);
  });

  await step("Somebody can open another room, and it goes when the last one leaves", async () => {
    await ada.page.fill("#new-room-name", "Sea Side");
    await ada.page.press("#new-room-name", "Enter");
    await grace.page.locator('[data-room="sea-side"]').waitFor();
    await ada.goTo("lobby");
    await grace.page.locator('[data-room="sea-side"]').waitFor({ state: "detached" });
    await grace.goTo("lobby");
  });

  await step("Scripts in a message and in a nickname are shown as text", async () => {
    const mallory = new Visitor(await context.newPage(), "<b onclick=x>Mal</b>");
    await mallory.enter(server.url);
    await mallory.say(ATTACK);
    await ada.sees(ATTACK);
    await ada.seesOnline("Ada", "Grace Hopper", "<b onclick=x>Mal</b>");
    assertEquals(await ada.page.evaluate(() => "hacked" in globalThis), false);
    await mallory.page.close();
    await ada.seesOnline("Ada", "Grace Hopper");
  });

  await step("Server that dies brings a banner; what is typed meanwhile arrives once", async () => {
    await server.stop();
    await ada.page.locator("#banner", { hasText: /attempt \d/ }).waitFor();
    await ada.say("Typed while the server was away");
    await ada.say("And this second");
    await ada.page.locator(".message .state", { hasText: "Waiting for the connection" }).first().waitFor();
    await ada.shot("banner");
    await server.start();
    await grace.sees("And this second");
    await ada.page.locator("#banner").waitFor({ state: "hidden" });
    await grace.page.locator("#banner").waitFor({ state: "hidden" });
    await ada.page.locator('.message[data-state="waiting"]').first().waitFor({ state: "detached" });
    await ada.say("Back again");
    await grace.sees("Back again");
    const shown = await grace.page.locator(".message:not(.mine) .bubble").allTextContents();
    assertEquals(shown, ["Typed while the server was away", "And this second", "Back again"]);
    assertEquals(await ada.count("And this second"), 1);
  });

  await step("Phone shows the chat in one column with a drawer", async () => {
    const phone = await newContext(browser, 390, 780);
    const linus = new Visitor(await phone.newPage(), "Linus");
    await linus.enter(server.url);
    await linus.say("Hello from the train, the tunnel is long and the connection comes and goes.");
    await grace.sees("Hello from the train, the tunnel is long and the connection comes and goes.");
    await linus.shot("phone");
    await linus.page.click("#menu");
    await linus.page.locator("#sidebar.open").waitFor();
    await linus.page.waitForTimeout(300); // the drawer slides
    await linus.shot("phone-drawer");
    assert(await linus.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "too wide");
    await phone.close();
    assertEquals(linus.errors, []);
  });

  await step("Page that is closed leaves the list", async () => {
    await ada.seesOnline("Ada", "Grace Hopper");
    await grace.page.close();
    await ada.seesOnline("Ada");
    await ada.page.locator(".notice", { hasText: "Grace Hopper left" }).waitFor();
  });

  assertEquals(ada.errors, []);
  assertEquals(grace.errors, []);
}

async function newContext(browser: Browser, width: number, height: number): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: "light" });
  context.setDefaultTimeout(10_000);
  // The page's policy forbids to fetch blobs, so the test keeps those the page makes.
  await context.addInitScript(`{
    const make = URL.createObjectURL;
    globalThis.blobs = new Map();
    URL.createObjectURL = (blob) => {
      const url = make.call(URL, blob);
      globalThis.blobs.set(url, blob);
      return url;
    };
  }`);
  return context;
}

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** A PNG that the browser paints: always the same bytes. */
async function pictureOf(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(`(() => {
    const canvas = document.createElement("canvas");
    canvas.width = 480;
    canvas.height = 270;
    const paint = canvas.getContext("2d");
    const sky = paint.createLinearGradient(0, 0, 0, 270);
    for (const [at, colour] of [[0, "#27306b"], [0.5, "#e8896a"], [0.62, "#ffd9a0"], [0.63, "#2a5d86"], [1, "#0d2745"]]) {
      sky.addColorStop(at, colour);
    }
    paint.fillStyle = sky;
    paint.fillRect(0, 0, 480, 270);
    paint.fillStyle = "#fff3d0";
    paint.beginPath();
    paint.arc(240, 152, 26, 0, 7);
    paint.fill();
    return canvas.toDataURL("image/png").split(",")[1];
  })()`) as string;
  return Buffer.from(base64, "base64");
}

/** The hash of the first picture's bytes, as the page holds them. */
async function shownHash(page: Page): Promise<string> {
  await page.waitForFunction(() => (document.querySelector(".picture img")?.naturalWidth ?? 0) > 0);
  const base64 = await page.evaluate(`(async () => {
    const { src } = document.querySelector(".picture img");
    const bytes = new Uint8Array(await globalThis.blobs.get(src).arrayBuffer());
    return bytes.toBase64();
  })()`) as string;
  return await sha256(Uint8Array.fromBase64(base64));
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toHex();
}
