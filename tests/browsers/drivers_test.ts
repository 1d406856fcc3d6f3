/**
 * That the drivers of the browsers do what the tests of the client rely on.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { BROWSERS } from "../support/browsers.ts";

for (const [name, browser] of Object.entries(BROWSERS)) {
  browser.test(`${name} runs code in a page, which can be hidden and shown`, async (start) => {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () =>
        new Response("<!doctype html><title>a page</title>", { headers: { "content-type": "text/html" } }),
    );
    {
      await using running = await start();
      const { page } = running;
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      assertEquals(
        await page.run(
          "await new Promise((r) => setTimeout(r, 5)); return [document.title, ...args];",
          1,
          "two",
        ),
        ["a page", 1, "two"],
      );
      assertEquals(await page.run("globalThis.states = [];"), null);
      await page.run(
        `document.addEventListener("visibilitychange", () => states.push(document.visibilityState));`,
      );
      await assertRejects(() => page.run("throw new Error('its own')"), Error, "its own");
      await page.hide();
      const until = (count: number): Promise<unknown> =>
        page.run(
          "for (let n = 0; n < 200 && states.length < args[0]; n++) await new Promise((r) => setTimeout(r, 10)); return states;",
          count,
        );
      assertEquals(await until(1), ["hidden"]);
      await page.show();
      assertEquals(await until(2), ["hidden", "visible"]);
    }
    await server.shutdown();
  });
}
