import { assertEquals } from "@std/assert";
import { testCore } from "../support/fake_engine.ts";

Deno.test("Connections end with every socket told that the server shuts down", () => {
  const core = testCore();
  const ends: unknown[] = [];
  core.namespaces.main.on("connection", (socket) => {
    socket.on("disconnect", (reason) => {
      ends.push(reason);
      socket.emit("late");
      core.namespaces.main.emit("late");
    });
  });
  const clients = [core.join(), core.join(), core.open()];
  core.connections.close();
  core.connections.close();
  assertEquals(ends, ["server shutting down", "server shutting down"]);
  assertEquals(clients.map((client) => client.readyState), ["closed", "closed", "closed"]);
  // The second was still there when the first one's listener sent to all.
  assertEquals(clients.map((client) => client.heard()), [[], ['2["late"]'], []]);
  assertEquals([core.connections.size, core.namespaces.main.sockets.size, core.clock.pending], [0, 0, 0]);
  core.namespaces.main.emit("harmless");
});

Deno.test("Connections that come after the end are closed at once", () => {
  const core = testCore();
  core.connections.close();
  const client = core.open();
  assertEquals([client.readyState, core.connections.size, core.clock.pending], ["closed", 0, 0]);
});

Deno.test("Connections hold nothing of 1,000 clients that came, joined and went", () => {
  const core = testCore();
  for (let count = 0; count < 1000; count++) core.join().lose("transport close");
  assertEquals([core.connections.size, core.namespaces.main.sockets.size, core.clock.pending], [0, 0, 0]);
});
