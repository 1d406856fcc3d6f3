/**
 * .github/COMPATIBILITY.md tells the whole truth: no member of the official server is missing from it, and each
 * test it names exists.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Server as OfficialServer, Socket as OfficialSocket } from "socket.io";
import { Manager as OfficialManager, Socket as OfficialClientSocket } from "socket.io-client";
import { Adapter as OfficialAdapter } from "npm:socket.io-adapter@2.5.8";
import { Manager, Socket as ClientSocket } from "../../src/client/mod.ts";
import { AdapterView } from "../../src/core/adapter_view.ts";
import { BroadcastOperator } from "../../src/core/broadcast_operator.ts";
import { Namespace } from "../../src/core/namespace.ts";
import { ParentNamespace } from "../../src/core/parent_namespace.ts";
import { Socket } from "../../src/core/socket.ts";
import { Server } from "../../mod.ts";

const root = new URL("../../", import.meta.url);

interface Row {
  readonly member: string;
  readonly status: string;
  readonly note: string;
  readonly test: string;
}

const rows: readonly Row[] = Deno.readTextFileSync(new URL(".github/COMPATIBILITY.md", root))
  .split("\n")
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .filter((cells) => cells.length === 6 && cells[1] !== "member" && !/^-+$/.test(cells[1]!))
  .map(([, member, status, note, test]) => ({ member: member!, status: status!, note: note!, test: test! }));

const byMember = new Map(rows.map((row) => [row.member, row]));

/** Public members of an official class and what it extends, without those of Node's EventEmitter itself. */
function membersOf(prototype: object): string[] {
  const names = new Set<string>();
  for (let one = prototype; one.constructor.name !== "EventEmitter" && one !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(one)) {
      if (name !== "constructor" && !name.startsWith("_")) names.add(name);
    }
    one = Object.getPrototypeOf(one);
  }
  return [...names];
}

const io = new OfficialServer();
const OFFICIAL: Readonly<Record<string, object>> = {
  Server: OfficialServer.prototype,
  Namespace: Object.getPrototypeOf(io.of("/")),
  ParentNamespace: Object.getPrototypeOf(io.of(/x/)),
  Socket: OfficialSocket.prototype,
  BroadcastOperator: Object.getPrototypeOf(io.to("x")),
  Adapter: OfficialAdapter.prototype,
  ClientSocket: OfficialClientSocket.prototype,
  ClientManager: OfficialManager.prototype,
};

const OURS: Readonly<Record<string, object>> = {
  Server: Server.prototype,
  Namespace: Namespace.prototype,
  ParentNamespace: ParentNamespace.prototype,
  Socket: Socket.prototype,
  BroadcastOperator: BroadcastOperator.prototype,
  Adapter: AdapterView.prototype,
  ClientSocket: ClientSocket.prototype,
  ClientManager: Manager.prototype,
};

for (const [name, prototype] of Object.entries(OFFICIAL)) {
  Deno.test(`COMPATIBILITY.md names every member of the official ${name}`, () => {
    const missing = membersOf(prototype).filter((member) => !byMember.has(`\`${name}.${member}\``));
    assertEquals(missing, []);
  });

  Deno.test(`COMPATIBILITY.md says "same" or "better" of no member that ${name} lacks`, () => {
    const lacking = membersOf(prototype).filter((member) =>
      ["same", "better"].includes(byMember.get(`\`${name}.${member}\``)!.status) && !(member in OURS[name]!)
    );
    assertEquals(lacking, []);
  });
}

Deno.test("COMPATIBILITY.md names an existing test for all that exists, and a reason for all that does not", () => {
  const sources = new Map<string, string>();
  for (const { member, status, note, test } of rows) {
    assert(["same", "better", "different", "not planned"].includes(status), `${member}: ${status}`);
    if (status !== "same") assert(note !== "", `${member} needs a note`);
    if (test === "") {
      assertEquals(status, "not planned", `${member} needs a test`);
      continue;
    }
    const [path, title] = [test.slice(0, test.indexOf(": ")), test.slice(test.indexOf(": ") + 2)];
    let source = sources.get(path);
    if (source === undefined) sources.set(path, source = Deno.readTextFileSync(new URL(path, root)));
    assert(source.includes(title.replaceAll("\\|", "|")), `${member}: no test "${title}" in ${path}`);
  }
});
