import { assertEquals, assertThrows } from "@std/assert";
import { checkEventName } from "../../src/core/event_name.ts";

Deno.test("checkEventName returns texts and finite numbers", () => {
  for (const name of ["a", "", "error", "connection", "__proto__", 0, -1.5]) {
    assertEquals(checkEventName(name), name);
  }
});

Deno.test("checkEventName throws on reserved names and on what no peer accepts", () => {
  for (
    const name of [
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]
  ) {
    assertThrows(() => checkEventName(name), Error, "reserved event name");
  }
  for (const name of [undefined, null, {}, Symbol("a"), true, NaN, Infinity]) {
    assertThrows(() => checkEventName(name), TypeError, "the name of an event");
  }
});
