/**
 * The chat for Deno Deploy: who may connect, and how an instance ends. On the Deno that runs this, and on the one that
 * Deno Deploy has.
 * @module
 */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { VERSIONS } from "../support/capabilities.ts";
import { closed, next } from "../support/client.ts";
import { npmBinary } from "../support/npm_binary.ts";
import { RawConnection } from "../support/raw_http.ts";
import { optional } from "../support/requires.ts";
import { Program, visitor } from "./program.ts";

const MAIN = ["run", "-A", "--quiet", "examples/deno-deploy/main.ts"];

for (
  const [name, deno] of [
    ["this Deno", await optional("deno", () => Deno.execPath())],
    [`Deno ${VERSIONS.deno25}`, await optional("deno 2.5", () => npmBinary("deno", VERSIONS.deno25))],
  ] as const
) {
  for (const transport of ["websocket", "polling"]) {
    deno.test(`Chat for Deno Deploy sends clients on ${transport} to the next instance, on ${name}`, async (path) => {
      const env = transport === "polling" ? { POLLING: "1" } : {};
      await using first = await Program.start(path, MAIN, env);
      const socket = visitor(first.url, "Ada", { transports: [transport] });
      try {
        const view = await socket.timeout(8_000).emitWithAck("join", "lobby");
        assertEquals(view.value.people.length, 1);
        const lost = next(socket, "disconnect");
        first.interrupt();
        // Between two polls nobody can be told: then the next one finds nobody.
        const reason = String((await lost)[0]);
        assertMatch(reason, transport === "polling" ? /^transport (close|error)$/ : /^transport close$/);
        assert(socket.active, "it was told to stay away");
        assertEquals(await first.ended(), 0);
        const back = next(socket, "connect");
        await using _second = await Program.start(path, MAIN, { ...env, port: first.port });
        await back;
        assertEquals((await socket.timeout(8_000).emitWithAck("join", "lobby")).ok, true);
      } finally {
        await closed({ socket });
      }
    });
  }

  deno.test(`Chat for Deno Deploy ends in time though a client does not hang up, on ${name}`, async (path) => {
    await using program = await Program.start(path, MAIN, { POLLING: "1" });
    using deaf = await RawConnection.open(program.port);
    assertEquals((await deaf.upgrade("/socket.io/?EIO=4&transport=websocket")).status, 101);
    using slow = await RawConnection.open(program.port);
    await slow.request("GET", "/socket.io/?EIO=4&transport=polling");
    const { sid } = JSON.parse((await slow.response()).body.slice(1));
    await slow.request("POST", `/socket.io/?EIO=4&transport=polling&sid=${sid}`, { "Content-Length": "10" });
    await slow.write("40");
    await (await fetch(program.url)).text(); // by now it reads what never comes
    const start = performance.now();
    program.interrupt();
    await program.ended();
    assertLess(performance.now() - start, 5_000);
  });
}

Deno.test("Chat for Deno Deploy takes WebSockets only, and tells its page", async () => {
  await using program = await Program.start(Deno.execPath(), MAIN);
  const answer = await fetch(`${program.url}/socket.io/?EIO=4&transport=polling`);
  assertEquals([answer.status, (await answer.json()).message], [400, "Transport unknown"]);
  const settings = await (await fetch(`${program.url}/settings.js`)).text();
  assert(settings.includes(`transports = ["websocket"]`), settings);
  for (const [path, type] of [["", "text/html"], ["socket.io/socket.io.min.js", "application/javascript"]]) {
    const file = await fetch(`${program.url}/${path}`);
    assertEquals(file.headers.get("content-type"), `${type}; charset=utf-8`);
    assert((await file.text()).length > 1_000);
  }
});
