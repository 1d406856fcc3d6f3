import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { ackError, checkAck, checkArgs, type Checked, checkOutgoing } from "../../src/contract/checks.ts";
import { type AnyContract, type ContractSpec, defineContract } from "../../src/contract/contract.ts";
import type { StandardSchema } from "../../src/contract/standard_schema.ts";

/** A schema of no library: lists whose first element is `first`, which it makes upper case. */
function handmade(first: string): StandardSchema<[string], [string]> {
  return {
    "~standard": {
      version: 1,
      vendor: "hand",
      validate: (value) =>
        Array.isArray(value) && value[0] === first
          ? { value: [first.toUpperCase()] }
          : { issues: [{ message: "not it", path: [{ key: 0 }, "deep"] }] },
    },
  };
}

const contract = defineContract({
  clientToServer: {
    add: { args: z.tuple([z.number(), z.coerce.number()]), ack: z.coerce.number() },
    bare: {},
    hand: { args: handmade("x") },
    slow: { args: z.tuple([z.string().refine((text) => Promise.resolve(text === "ok"), "slowly no")]) },
    ["__proto__"]: { args: z.tuple([z.literal("fine")]) },
  },
  serverToClient: { said: { args: z.tuple([z.string()]) } },
});

const reported: unknown[] = [];
const report = (error: unknown, where: string): void => void reported.push([String(error), where]);

function check(event: string, ...args: unknown[]): Checked | Promise<Checked> {
  return checkArgs(contract, "clientToServer", event, args, report);
}

Deno.test("checkArgs gives what the schema made of the arguments", () => {
  assertEquals(check("add", 1, "2"), { ok: true, value: [1, 2] });
  assertEquals(check("hand", "x"), { ok: true, value: ["X"] });
  assertEquals(check("bare"), { ok: true, value: [] });
});

Deno.test("checkArgs tells what is wrong, and where", () => {
  const wrong = check("add", "1", 2) as Checked & { ok: false };
  assertEquals([wrong.ok, wrong.issues[0]!.path], [false, [0]]);
  assertEquals(check("hand", "y"), { ok: false, issues: [{ message: "not it", path: [0, "deep"] }] });
  assertEquals(check("bare", 1), {
    ok: false,
    issues: [{ message: "the event takes no arguments", path: [] }],
  });
});

Deno.test("checkArgs knows the events of its direction, and no names of objects", () => {
  for (const event of ["said", "nope", "constructor", "toString", "hasOwnProperty"]) {
    const { ok, issues } = check(event) as Checked & { ok: false };
    assertEquals([ok, issues[0]!.message], [false, `the contract has no event "${event}"`]);
  }
});

Deno.test("checkArgs takes __proto__ for a name like any other", () => {
  assertEquals(check("__proto__", "fine"), { ok: true, value: ["fine"] });
  assertEquals((check("__proto__", "x") as Checked).ok, false);
  assertEquals((checkArgs(contract, "serverToClient", "__proto__", [], report) as Checked).ok, false);
});

Deno.test("checkArgs cuts the name of an unknown event, and long or many issues", () => {
  const { issues } = check("x".repeat(10_000)) as Checked & { ok: false };
  assert(issues[0]!.message.length < 150);
  const long = defineContract({
    clientToServer: {
      many: { args: z.array(z.number()) },
      wordy: { args: z.any().refine(() => false, "w".repeat(10_000)) },
      deep: {
        args: {
          "~standard": {
            version: 1,
            vendor: "hand",
            validate: () => ({
              issues: [{ message: "m", path: new Array(1_000).fill(Symbol("s".repeat(500))) }],
            }),
          },
        },
      },
    },
  });
  const ask = (event: string, args: unknown[]): Checked & { ok: false } =>
    checkArgs(long, "clientToServer", event, args, report) as Checked & { ok: false };
  assertEquals(ask("many", new Array(1_000).fill("x")).issues.length, 10);
  assertEquals(ask("wordy", []).issues[0]!.message.length, 201);
  const { path } = ask("deep", []).issues[0]!;
  assertEquals([path.length, String(path[0]).length], [20, 201]);
});

Deno.test("checkArgs waits for an asynchronous schema", async () => {
  assertEquals(await check("slow", "ok"), { ok: true, value: ["ok"] });
  assertEquals(((await check("slow", "no")) as Checked & { ok: false }).issues[0]!.message, "slowly no");
});

Deno.test("checkArgs reports a schema that throws, rejects or makes no list, and takes nothing", async () => {
  const broken = (validate: () => unknown): AnyContract =>
    defineContract({
      clientToServer: {
        x: { args: { "~standard": { version: 1, vendor: "hand", validate: validate as never } } },
      },
    });
  const cases: [AnyContract, string][] = [
    [
      broken(() => {
        throw new Error("thrown");
      }),
      "thrown",
    ],
    [broken(() => Promise.reject(new Error("rejected"))), "rejected"],
    [broken(() => ({ value: "text" })), "no list"],
    [broken(() => undefined), "undefined"],
  ];
  for (const [one, text] of cases) {
    reported.length = 0;
    const checked = await checkArgs(one, "clientToServer", "x", [], report);
    assertEquals(checked, { ok: false, issues: [{ message: "validation failed", path: [] }] });
    const [[error, where]] = reported as [[string, string]];
    assert(error.includes(text), error);
    assertEquals(where, 'schema of "x"');
  }
});

Deno.test("checkAck checks the value of an ack; where nothing was agreed anything is fine", () => {
  assertEquals(checkAck(contract, "clientToServer", "add", "5", report), { ok: true, value: 5 });
  assertEquals((checkAck(contract, "clientToServer", "add", "x", report) as Checked).ok, false);
  assertEquals(checkAck(contract, "clientToServer", "bare", "x", report), { ok: true, value: "x" });
  assertEquals(checkAck(contract, "clientToServer", "nope", 1, report), { ok: true, value: 1 });
});

Deno.test("checkOutgoing throws a TypeError that names the event, what is wrong and where", () => {
  checkOutgoing(contract, "serverToClient", "said", ["x"]);
  const error = assertThrows(
    () => checkOutgoing(contract, "serverToClient", "said", [5]),
    TypeError,
    'Cannot emit "said": ',
  );
  assert(error.message.endsWith("(argument 0)"), error.message);
  assertThrows(() => checkOutgoing(contract, "serverToClient", "add", []), TypeError, "no event");
  assertThrows(() => checkOutgoing(contract, "clientToServer", "slow", ["ok"]), TypeError, "asynchronous");
});

Deno.test("checkOutgoing names the event also where the schema refuses without an issue", () => {
  const silent = defineContract({
    serverToClient: {
      x: { args: { "~standard": { version: 1, vendor: "hand", validate: () => ({ issues: [] }) } } },
    },
  });
  assertThrows(
    () => checkOutgoing(silent, "serverToClient", "x", []),
    TypeError,
    'Cannot emit "x": not valid',
  );
});

Deno.test("checkOutgoing tells what a schema threw as the cause", () => {
  const thrown = new Error("thrown");
  const validate = (): never => {
    throw thrown;
  };
  const broken = defineContract({
    serverToClient: { x: { args: { "~standard": { version: 1, vendor: "hand", validate } } } },
  });
  const error = assertThrows(
    () => checkOutgoing(broken, "serverToClient", "x", []),
    TypeError,
    'Cannot emit "x": ',
  );
  assert(error.cause === thrown);
});

Deno.test("ackError has a shape for programs", () => {
  const issues = [{ message: "m", path: [0] }];
  assertEquals(ackError("INVALID_EVENT", "e", issues), {
    error: { code: "INVALID_EVENT", event: "e", issues },
  });
});

const WRONG: readonly [spec: unknown, message: string][] = [
  [undefined, "no object"],
  [[], "no object"],
  [{ clientToserver: {} }, '"clientToserver" is neither'],
  [{ clientToServer: [] }, '"clientToServer" is no object'],
  [{ clientToServer: { x: undefined } }, 'event "x": it is no object'],
  [{ clientToServer: { x: { args: {} } } }, 'event "x": args is no Standard Schema'],
  [{ clientToServer: { x: { ack: 5 } } }, 'event "x": ack is no Standard Schema'],
  [{ clientToServer: { x: { arg: handmade("x") } } }, 'event "x": "arg" is neither'],
  [{ serverToClient: { disconnect: {} } }, 'event "disconnect": the name is reserved'],
];

for (const [spec, message] of WRONG) {
  Deno.test(`defineContract refuses ${JSON.stringify(spec)}`, () => {
    assertThrows(() => defineContract(spec as ContractSpec), TypeError, message);
  });
}

Deno.test("defineContract freezes what it returns, and copies what it was given", () => {
  const spec: { clientToServer: Record<string, object> } = { clientToServer: { x: {} } };
  const made = defineContract(spec);
  spec.clientToServer.y = {};
  assertEquals(Object.keys(made.spec.clientToServer), ["x"]);
  assert(Object.isFrozen(made) && Object.isFrozen(made.spec) && Object.isFrozen(made.spec.clientToServer));
});
