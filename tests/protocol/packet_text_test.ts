import { assertEquals, assertThrows } from "@std/assert";
import { decodePacketText, encodePacketText, readAttachmentCount } from "../../src/protocol/packet_text.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";

const decode = (text: string, maxDepth = 100) =>
  decodePacketText(text, readAttachmentCount(text, 10), maxDepth);

Deno.test("encodePacketText() writes type, attachments, namespace and id in the order of the protocol", () => {
  assertEquals(encodePacketText({ type: 2, nsp: "/admin", id: 13 }, '["a"]', 1), '451-/admin,13["a"]');
  assertEquals(encodePacketText({ type: 3, nsp: "/", id: 0 }, "[]", 2), "462-0[]");
  assertEquals(encodePacketText({ type: 1, nsp: "/" }, "", 0), "41");
  assertEquals(encodePacketText({ type: 0, nsp: "" }, "", 0), "40");
});

Deno.test("readAttachmentCount() takes plain digits from 1 to max", () => {
  assertEquals(readAttachmentCount('451-["a"]', 10), 1);
  assertEquals(readAttachmentCount("4610-[]", 10), 10);
  for (const text of ["42", '42["a"]', "40", "44", "4", "", "47"]) {
    assertEquals(readAttachmentCount(text, 10), 0, text);
  }
  for (
    const text of [
      "45",
      "45-",
      "450-",
      "4501-",
      "45+1-",
      "45 1-",
      "451.5-",
      "451e0-",
      "45-1-",
      "451",
      "45a-",
      "45١-",
    ]
  ) {
    assertThrows(() => readAttachmentCount(text, 10), ProtocolError, "missing or malformed", text);
  }
  assertThrows(() => readAttachmentCount("4511-[]", 10), ProtocolError, "more than 10 attachments");
});

Deno.test("decodePacketText() leaves absent fields out", () => {
  assertEquals(decode("40"), { type: 0, nsp: "/" });
  assertEquals(decode('42["a"]'), { type: 2, nsp: "/", data: ["a"] });
  assertEquals(decode('42/n,7["a"]'), { type: 2, nsp: "/n", id: 7, data: ["a"] });
});

Deno.test("decodePacketText() takes ack ids up to 2^53 - 1", () => {
  assertEquals(decode("439007199254740991[]"), { type: 3, nsp: "/", id: Number.MAX_SAFE_INTEGER, data: [] });
  for (const id of ["9007199254740992", "123456789012345678901234", "9".repeat(400)]) {
    assertThrows(() => decode(`42${id}["a"]`), ProtocolError, "ack id is too large");
  }
});

Deno.test("decodePacketText() takes only an Engine.IO message of a known type", () => {
  for (const text of ["", "2", "0", '5["a"]', "b42"]) {
    assertThrows(() => decode(text), ProtocolError, "not an Engine.IO message");
  }
  for (const text of ["4", "47", "49", "4a", "4-", "4 0", "4٢"]) {
    assertThrows(() => decode(text), ProtocolError, "unknown type");
  }
});

Deno.test("decodePacketText() takes no data that begins otherwise than its type says", () => {
  const texts = [
    '42 ["a"]',
    '42\t1["a"]',
    '42/n, ["a"]',
    "42{}",
    '42"a"',
    "42null",
    "43{}",
    "40[]",
    '40"x"',
    "40null",
    "41{}",
    "44[]",
    "44 {}",
  ];
  for (const text of texts) assertThrows(() => decode(text), ProtocolError, "cannot begin with", text);
});

Deno.test("decodePacketText() bounds the depth, counting no bracket inside a string", () => {
  const deep = (levels: number) => `42["a",${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}]`;
  assertEquals(decode(deep(100)).type, 2);
  assertThrows(() => decode(deep(101)), ProtocolError, "deeper than 100");
  const objects = (levels: number) => `42["a",${'{"k":'.repeat(levels - 1)}1${"}".repeat(levels - 1)}]`;
  assertEquals(decode(objects(100)).type, 2);
  assertThrows(() => decode(objects(101)), ProtocolError, "deeper than 100");

  assertEquals(decode(`42["a",${"[],".repeat(500)}1]`).type, 2);
  for (
    const text of [
      "[".repeat(500),
      '\\"' + "[".repeat(500),
      "{\\\\".repeat(200),
      "[".repeat(500) + '\\\\\\"[',
    ]
  ) {
    assertEquals(decode(`42["a","${text}"]`), { type: 2, nsp: "/", data: ["a", JSON.parse(`"${text}"`)] });
  }
  assertThrows(
    () => decode(`42["\\\\",${"[".repeat(200)}"${"]".repeat(200)}`),
    ProtocolError,
    "deeper than 100",
  );
  assertThrows(() => decode(`42["a","${"[".repeat(300)}`), ProtocolError, "not JSON");
});

Deno.test("decodePacketText() takes as event name a text that is not reserved, or a finite number", () => {
  for (
    const name of [
      '"connect"',
      '"connect_error"',
      '"disconnect"',
      '"disconnecting"',
      '"newListener"',
      '"removeListener"',
    ]
  ) {
    assertThrows(() => decode(`42[${name}]`), ProtocolError, "is reserved", name);
    assertEquals(decode(`43[${name}]`).type, 3); // an answer has no name
  }
  for (const name of ["null", "true", "{}", "[]", "1e999", "-1e999", '{"toString":1}']) {
    assertThrows(() => decode(`42[${name}]`), ProtocolError, "event name", name);
  }
  assertThrows(() => decode("42[]"), ProtocolError, "event name");
});

Deno.test("decodePacketText() tells nothing of the parser's own error, which quotes the peer", () => {
  const error = assertThrows(() => decode('42["secret",]'), ProtocolError);
  assertEquals(error.message, "Cannot decode packet: the data is not JSON");
});
