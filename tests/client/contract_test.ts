/**
 * A contract on the client: what the server sends is checked before anybody hears of it.
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { useContract, type UseContractOptions } from "../../src/client/contract.ts";
import type { Socket } from "../../src/client/socket.ts";
import { defineContract } from "../../src/contract/contract.ts";
import { microtasks } from "../support/fake_transport.ts";
import { Stage } from "./stage.ts";

const contract = defineContract({
  clientToServer: {
    add: { args: z.tuple([z.number(), z.number()]), ack: z.number().transform(String) },
  },
  serverToClient: {
    said: { args: z.tuple([z.string().trim(), z.number()]) },
    slow: { args: z.tuple([z.string().refine((text) => Promise.resolve(text === "ok"), "no")]) },
    named: { args: z.tuple([z.string()]) },
    ask: { args: z.tuple([]), ack: z.boolean() },
  },
});

function joined(
  options: UseContractOptions = {},
  pid?: string,
): { stage: Stage; socket: Socket; heard: unknown[]; invalid: unknown[] } {
  const stage = new Stage();
  const heard: unknown[] = [];
  const invalid: unknown[] = [];
  const checks = useContract(contract, {
    onInvalid: ({ event, what }) => invalid.push([event, what]),
    ...options,
  });
  const socket = stage.manager.socket("/", { checks }) as unknown as Socket;
  for (const event of ["said", "slow", "named", "unknown"]) {
    socket.on(event, (...args: unknown[]) => heard.push([event, ...args]));
  }
  stage.join("a", pid);
  return { stage, socket, heard, invalid };
}

Deno.test("useContract() lets through what is as agreed, as the schema makes it, and nothing else", async () => {
  const { stage, heard, invalid } = joined();
  stage.last.say(
    '42["said"," a ",1]',
    '42["said","a"]',
    '42["said",1,2]',
    '42["unknown"]',
    '42["slow","ok"]',
    '42["slow","x"]',
  );
  await microtasks();
  assertEquals(heard, [["said", "a", 1], ["slow", "ok"]]);
  assertEquals(invalid, [["said", "event"], ["said", "event"], ["unknown", "event"], ["slow", "event"]]);
});

Deno.test("useContract() does not take the offset of connection state recovery for an argument", () => {
  const { stage, heard, invalid } = joined({}, "secret");
  stage.last.say('42["said","a",1,"offset"]', '42["named","n","offset"]', '42["named","not stamped"]');
  assertEquals([heard, invalid], [[["said", "a", 1], ["named", "n"], ["named", "not stamped"]], []]);
});

Deno.test("useContract() checks acks both ways", async () => {
  const { stage, socket, invalid } = joined({ validateOutgoing: true });
  const good = socket.emitWithAck("add", 1, 2);
  const bad = socket.emitWithAck("add", 1, 2);
  stage.last.told();
  stage.last.say("430[3]", '431["three"]');
  assertEquals(await good, "3");
  await assertRejects(() => bad, Error, 'invalid ack of "add"');
  assertEquals(invalid, [["add", "ack"]]);
  assertThrows(() => socket.emit("add", 1, "2"), TypeError, 'Cannot emit "add"');
  const answers: ((value: unknown) => void)[] = [];
  socket.on("ask", (answer: (value: unknown) => void) => answers.push(answer));
  stage.last.say('427["ask"]', '428["ask","too much"]', '42["ask"]');
  assertThrows(() => answers[0]!("yes"), TypeError, 'Cannot answer "ask"');
  answers[0]!(true);
  answers[1]!(true); // the server did not ask for one
  const [refusal, answer] = stage.last.told() as [string, string];
  assertEquals(refusal.startsWith('438[{"error":{"code":"INVALID_EVENT","event":"ask"'), true);
  assertEquals([answer, stage.last.told()], ["437[true]", []]);
});

Deno.test("useContract() without onInvalid reports what is invalid as uncaught", async () => {
  const reported = new Promise<string>((resolve) =>
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.message);
    }, { once: true })
  );
  const { stage } = joined({ onInvalid: undefined });
  stage.last.say('42["unknown"]');
  assertEquals(
    (await reported).includes('"unknown" is not as agreed: the contract has no event "unknown"'),
    true,
  );
});
