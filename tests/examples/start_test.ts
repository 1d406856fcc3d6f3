/**
 * README's commands that start the chat, on each runtime: they print an address, people talk there, and Ctrl+C ends
 * all of it.
 * @module
 */
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { fileHeaders } from "../../examples/chat/settings.ts";
import { VERSIONS } from "../support/capabilities.ts";
import { npmBinary } from "../support/npm_binary.ts";
import { closed, next } from "../support/client.ts";
import { type Optional, optional } from "../support/requires.ts";
import { draft, isListening, Program, visitor } from "./program.ts";

const here = await optional("deno", () => Deno.execPath());
const tasks: readonly (readonly [task: string, needs: Optional<string>, transports: string[]])[] = [
  ["start", here, ["polling", "websocket"]],
  ["start:bun", await optional("bun", () => npmBinary("bun", VERSIONS.bun)), ["polling", "websocket"]],
  ["start:workers", await optional("workerd", () => npmBinary("workerd", VERSIONS.workerd)), ["websocket"]],
];

for (const [task, needs, transports] of tasks) {
  needs.test(`deno task ${task} starts the chat`, async () => {
    await using program = await Program.start(Deno.execPath(), ["task", task]);
    const page = await fetch(program.url);
    assertMatch(await page.text(), /<title>Skein chat<\/title>/);
    for (const name of ["content-security-policy", "x-content-type-options", "referrer-policy"]) {
      assertEquals(page.headers.get(name), fileHeaders[name]!);
    }
    for (const file of ["main.js", "socket.io/socket.io.min.js", "settings.js"]) {
      const script = await fetch(`${program.url}/${file}`);
      assertMatch(script.headers.get("content-type")!, /^(text|application)\/javascript/);
      const text = await script.text();
      if (file === "settings.js") assert(text.includes(`transports = ${JSON.stringify(transports)}`), text);
    }
    const [ada, grace] = ["Ada", "Grace"].map((name) => visitor(program.url, name, { transports })) as [
      ReturnType<typeof visitor>,
      ReturnType<typeof visitor>,
    ];
    try {
      for (const one of [ada, grace]) {
        assertEquals((await one.timeout(8_000).emitWithAck("join", "lobby")).ok, true);
      }
      const heard = next(grace, "message");
      assertEquals((await ada.timeout(8_000).emitWithAck("say", draft("hello"))).ok, true);
      assertEquals((await heard as [{ text: string }])[0].text, "hello");
    } finally {
      await Promise.all([ada, grace].map((socket) => closed({ socket })));
    }
    program.interrupt();
    await program.ended();
    assertFalse(await isListening(program.port), "something goes on");
  });
}
