import { assertEquals } from "@std/assert";
import { watchPage } from "../../src/client/page.ts";
import { Stage } from "./stage.ts";

/** A browser's globals for as long as `run` takes. */
function inBrowser(run: (document: EventTarget & { hidden: boolean }) => void): void {
  const document = Object.assign(new EventTarget(), { hidden: false });
  Object.defineProperty(globalThis, "document", { value: document, configurable: true });
  Object.defineProperty(globalThis.navigator, "onLine", { value: true, configurable: true });
  try {
    run(document);
  } finally {
    delete (globalThis as { document?: unknown }).document;
    delete (globalThis.navigator as { onLine?: unknown }).onLine;
  }
}

function tell(event: string, more: object = {}): void {
  globalThis.dispatchEvent(Object.assign(new Event(event), more));
}

/** What is told of all that may happen. */
function heard(origin: string, run: () => void): string[] {
  const log: string[] = [];
  const stop = watchPage(origin, {
    online: () => log.push("online"),
    offline: () => log.push("offline"),
    shown: () => log.push("shown"),
    leaving: () => log.push("leaving"),
    left: (mayReturn) => log.push(`left ${mayReturn}`),
  });
  run();
  stop();
  const before = log.length;
  run();
  assertEquals(log.length, before, "told after it was stopped");
  return log;
}

Deno.test("watchPage() tells what a browser tells, until it is stopped", () => {
  inBrowser((document) => {
    const log = heard("https://example.com", () => {
      for (const event of ["online", "offline", "pageshow", "beforeunload"]) tell(event);
      tell("pagehide", { persisted: true });
      tell("pagehide", { persisted: false });
      document.hidden = true;
      document.dispatchEvent(new Event("visibilitychange"));
      document.hidden = false;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    assertEquals(log, ["online", "offline", "shown", "leaving", "left true", "left false", "shown"]);
  });
});

Deno.test("watchPage() is silent about a lost network where the server is this machine", () => {
  inBrowser(() => {
    for (const host of ["localhost:3000", "127.0.0.1", "[::1]:80"]) {
      assertEquals(heard(`http://${host}`, () => (tell("offline"), tell("online"))), ["online"]);
    }
  });
});

Deno.test("watchPage() is silent outside of browsers", () => {
  assertEquals(heard("https://example.com", () => (tell("offline"), tell("beforeunload"))), []);
});

Deno.test("Manager ends its connection when the network is gone, and tries again soon when it is back", () => {
  inBrowser(() => {
    const stage = new Stage({ reconnectionDelay: 60_000, reconnectionDelayMax: 60_000 });
    const log: unknown[] = [];
    stage.manager.socket("/").on("disconnect", (reason, details) => log.push(reason, details));
    stage.join();
    tell("offline");
    assertEquals(log, ["transport close", { description: "network connection lost" }]);
    tell("online");
    stage.clock.advance(60_000 * 0.999);
    assertEquals(stage.connections.length, 2); // somewhere within the delay of a first attempt, by chance
    stage.join();
    tell("online"); // nothing to hasten
    assertEquals(stage.connections.length, 2);
    stage.manager.socket("/").disconnect();
    tell("online");
    assertEquals(stage.connections.length, 2);
  });
});

Deno.test("Manager looks at once, when the page is shown, whether the server was silent for too long", () => {
  inBrowser((document) => {
    const stage = new Stage();
    const log: unknown[] = [];
    stage.manager.socket("/").on("disconnect", (reason) => log.push(reason));
    stage.join();
    stage.sleep(44_999);
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(log, []);
    stage.sleep(1);
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(log, ["ping timeout"]);
    stage.manager.socket("/").disconnect();
  });
});

Deno.test("Manager says goodbye when its page is left: silently for good, with an event where it may return", () => {
  inBrowser(() => {
    for (const mayReturn of [true, false]) {
      const stage = new Stage();
      const log: unknown[] = [];
      stage.manager.socket("/").on("disconnect", (reason) => log.push(reason));
      stage.join();
      tell("beforeunload"); // the person may still stay
      assertEquals(stage.last.isClosed, false);
      tell("pagehide", { persisted: mayReturn });
      assertEquals([stage.last.isClosed, log], [true, mayReturn ? ["transport close"] : []]);
      stage.manager.socket("/").disconnect();
    }
    const eager = new Stage({ closeOnBeforeunload: true });
    eager.manager.socket("/");
    eager.join();
    tell("beforeunload");
    assertEquals([eager.last.isClosed, eager.last.farewell], [true, "1"]);
    eager.manager.socket("/").disconnect();
  });
});
