import { createDefaultParser } from "../../../src/protocol/default_parser.ts";
import { createMsgpackParser } from "../../../src/protocol/msgpack_parser.ts";
import type { Frame } from "../../../src/protocol/frame.ts";
import type { Parser } from "../../../src/protocol/parser.ts";
import { type EventPacket, PacketType } from "../../../src/protocol/socket_packet.ts";

const SHORT = ["echo", "x".repeat(32)];
const LONG = ["echo", "x".repeat(1024)];
const BINARY = ["echo", new Uint8Array(1024)];

const parsers: Readonly<Record<string, Parser>> = {
  default: createDefaultParser(),
  msgpack: createMsgpackParser(),
};

for (const [size, data] of Object.entries({ "32 B": SHORT, "1 KiB": LONG, "1 KiB of binary": BINARY })) {
  const packet: EventPacket = { type: PacketType.EVENT, nsp: "/", id: 7, data: [...data] };
  if (size !== "1 KiB of binary") {
    const json = JSON.stringify(data);
    Deno.bench(`JSON.stringify, ${size}`, { group: `encode ${size}`, baseline: true }, () => {
      JSON.stringify(data);
    });
    Deno.bench(`JSON.parse, ${size}`, { group: `decode ${size}`, baseline: true }, () => {
      JSON.parse(json);
    });
  }
  for (const [name, parser] of Object.entries(parsers)) {
    const frames = parser.encode(packet) as Frame[];
    const decoder = parser.decoder();
    Deno.bench(`encode, ${name} parser, ${size}`, { group: `encode ${size}` }, () => {
      parser.encode(packet);
    });
    Deno.bench(`decode, ${name} parser, ${size}`, { group: `decode ${size}` }, () => {
      for (const frame of frames) decoder.push(frame);
    });
  }
}
