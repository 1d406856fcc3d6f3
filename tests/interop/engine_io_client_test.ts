/**
 * The official engine.io-client against the target's engine.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Socket as EngineClient } from "engine.io-client";
import { TRANSPORTS } from "../support/transports.ts";
import { can, serve, type TargetServer, test } from "../support/target.ts";
import { within } from "../support/within.ts";

async function open(server: TargetServer, transports: string[]): Promise<EngineClient> {
  const client = new EngineClient(server.origin, { path: "/engine.io", transports });
  client.binaryType = "arraybuffer";
  const isUpgrading = transports.length > 1;
  await within(
    new Promise<void>((resolve, reject) => {
      client.once(isUpgrading ? "upgrade" : "open", () => resolve());
      client.once("error", (error: unknown) => reject(error));
    }),
    "engine.io-client to open",
  );
  return client;
}

/** The reason of the client's close event. */
function closing(client: EngineClient): Promise<string> {
  return within(new Promise((resolve) => client.once("close", (reason: string) => resolve(reason))), "close");
}

function message(client: EngineClient): Promise<string | ArrayBuffer> {
  return within(
    new Promise((resolve) => client.once("message", (data: string | ArrayBuffer) => resolve(data))),
    "message",
  );
}

/** Until its WebSocket or request has ended, which is after it said so. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const [name, transports] of TRANSPORTS) {
  test(`engine.io-client over ${name} exchanges text and bytes, and closes`, async () => {
    await using server = await serve("engine");
    const client = await open(server, transports);
    for (const text of ["hello", "€ \u{1F600}"]) {
      const back = message(client);
      client.send(text);
      assertEquals(await back, text);
    }
    const back = message(client);
    client.send(new Uint8Array([1, 2, 3]));
    assertEquals(new Uint8Array(await back as ArrayBuffer), new Uint8Array([1, 2, 3]));
    const closed = closing(client);
    client.close();
    assertEquals(await closed, "forced close");
    assertEquals((await server.logged("close")).reason, "transport close");
    await settled();
  });

  test(`engine.io-client over ${name} is closed by the server, after what was sent`, async () => {
    await using server = await serve("engine");
    const client = await open(server, transports);
    const got: unknown[] = [];
    client.on("message", (data: unknown) => got.push(data));
    if (can.endsSilentClients !== true) {
      client.send("hello");
      await message(client);
      got.length = 0;
    }
    const closed = closing(client);
    await server.act("sendAndClose", { sid: client.id, messages: ["one", "two", "three"] });
    assertEquals(await closed, "transport close");
    assertEquals(got, ["one", "two", "three"]);
    assertEquals((await server.logged("close")).reason, "forced close");
    await settled();
  });

  test(`engine.io-client over ${name} stays through many pings`, async () => {
    await using server = await serve("engine", { pingInterval: 50, pingTimeout: 5_000 });
    const client = await open(server, transports);
    let pings = 0;
    await within(
      new Promise<void>((resolve) => client.on("ping", () => ++pings === 4 ? resolve() : undefined)),
      "four pings",
    );
    assertEquals(await server.clientsCount(), 1);
    const closed = closing(client);
    client.close();
    await closed;
    await server.logged("close");
    await settled();
  });
}

test("engine.io-client that is refused gets an error", async () => {
  await using server = await serve("engine", { allowRequest: "refuse" });
  const client = new EngineClient(server.origin, { path: "/engine.io", transports: ["polling"] });
  const [error] = await within(
    new Promise<unknown[]>((resolve) => client.once("error", (...args: unknown[]) => resolve(args))),
    "error",
  ) as [{ message: string; description: number }];
  assertEquals([error.message, error.description], ["xhr poll error", 403]);
  await settled();
});
