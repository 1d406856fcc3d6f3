import { assertEquals } from "@std/assert";
import { HandshakeRequest } from "../../src/engine/handshake_request.ts";

Deno.test("HandshakeRequest gives back the headers, in any form", () => {
  const sent = new Headers({ cookie: "a=1; b=2", "x-empty": "", accept: "text/html" });
  sent.append("accept", "text/plain");
  const request = new HandshakeRequest("http://host/socket.io/?EIO=4", "192.0.2.7", sent);
  assertEquals([request.url, request.method, request.address], [
    "http://host/socket.io/?EIO=4",
    "GET",
    "192.0.2.7",
  ]);
  assertEquals(request.pairs(), [...sent]);
  assertEquals([...request.headers], [...sent]);
  assertEquals(request.headers === request.headers, true);
});

Deno.test("HandshakeRequest keeps what the program does to the headers", () => {
  const request = new HandshakeRequest("http://host/", "", [["a", "1"]]);
  request.headers.set("b", "2");
  assertEquals(request.pairs(), [["a", "1"], ["b", "2"]]);
});

Deno.test("HandshakeRequest may have no headers", () => {
  const request = new HandshakeRequest("http://host/", "", []);
  assertEquals([request.pairs(), [...request.headers]], [[], []]);
});
