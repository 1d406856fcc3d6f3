import { assertEquals, assertThrows } from "@std/assert";
import { testCore } from "../support/fake_engine.ts";

Deno.test("Namespace asks its middlewares in order, and only its own", () => {
  const core = testCore();
  const log: string[] = [];
  core.namespaces.of("/a").use((_socket, next) => (log.push("a1"), next()));
  core.namespaces.of("/a").use((_socket) => void log.push("a2"));
  core.namespaces.main.use((_socket, next) => (log.push("main"), next()));
  core.join("/a");
  assertEquals(log, ["a1", "a2"]);
});

Deno.test("Namespace asks a middleware that is added meanwhile about later clients only", () => {
  const core = testCore();
  const log: string[] = [];
  core.namespaces.main.use((_socket, next) => {
    core.namespaces.main.use((_socket, next) => (log.push("added"), next()));
    next();
  });
  core.join();
  assertEquals(log, []);
  core.join();
  assertEquals(log, ["added"]);
});

Deno.test("Namespace reports what a middleware throws after it has let the socket in", () => {
  const core = testCore();
  core.namespaces.main.use((_socket, next) => {
    next();
    throw "late";
  });
  core.join();
  assertEquals(core.namespaces.main.sockets.size, 1);
  assertEquals(core.errors, [["late", 'middleware of "/"']]);
});

Deno.test("Namespace refuses a middleware that is not a function", () => {
  assertThrows(() => testCore().namespaces.main.use("x" as never), TypeError, "not a function");
});

Deno.test("Namespace shows its connected sockets by id", () => {
  const core = testCore();
  const { main } = core.namespaces;
  core.join();
  const [[id, socket]] = [...main.sockets] as [[string, unknown]];
  assertEquals((socket as { id: string }).id, id);
  assertEquals(main.sockets.get("none"), undefined);
});
