import { assertEquals, assertGreater } from "@std/assert";
import { checkLayers, readTree } from "./tools/layers.ts";

/** The problems of a made-up tree. */
function check(files: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries(files)));
}

Deno.test("src and mod.ts keep to the layers", () => {
  const files = readTree(new URL("../", import.meta.url));
  assertGreater(files.size, 10);
  assertEquals(checkLayers(files), []);
});

Deno.test("The layer check lets allowed imports pass", () => {
  assertEquals(
    check({
      "mod.ts": `export { Server } from "./src/server/server.ts";
        export type { Frame } from "./src/protocol/frame.ts";
        export { type Clock, type Room } from "./src/time/clock.ts";`,
      "src/server/server.ts": `import { serve } from "../runtimes/deno.ts"; import "../adapters/local.ts";`,
      "src/runtimes/deno.ts": `import os from "node:os"; export const serve = Deno.serve; process.exit;`,
      "src/adapters/local.ts": `import type { Port } from "../core/port.ts"; import { z } from "npm:zod";`,
      "src/core/port.ts": `import type { A } from "../engine/ports.ts"; export type Port = A;`,
      "src/engine/ports.ts": `export type A = 1;`,
      "src/engine/mod.ts": `export { Engine } from "../server/server.ts"; export { E } from "./e.ts";`,
      "src/engine/e.ts":
        `import { Emitter } from "../events/emitter.ts"; import { f } from "../protocol/frame.ts";`,
      "src/events/emitter.ts": `import { c } from "../time/clock.ts";`,
      "src/client/c.ts": `import "../engine/outbox.ts";`,
      "src/engine/outbox.ts": ``,
      "src/protocol/frame.ts": ``,
      "src/time/clock.ts": ``,
    }),
    [],
  );
});

const UPWARD: [string, string, string][] = [
  ["src/protocol/a.ts", `import { b } from "../engine/b.ts";`, "protocol may not import engine"],
  ["src/protocol/a.ts", `import type { B } from "../engine/b.ts";`, "protocol may not import engine"],
  ["src/protocol/a.ts", `export * from "../time/b.ts";`, "protocol may not import time"],
  ["src/protocol/a.ts", `export {\n  b,\n  c,\n} from "../time/b.ts";`, "protocol may not import time"],
  ["src/protocol/a.ts", `import "../time/b.ts";`, "protocol may not import time"],
  ["src/protocol/a.ts", `const b = await import("../time/b.ts");`, "protocol may not import time"],
  ["src/protocol/a.ts", `type B = import("../time/b.ts").B;`, "protocol may not import time"],
  ["src/protocol/a.ts", `const t = \`\${await import("../time/b.ts")}\`;`, "protocol may not import time"],
  ["src/engine/a.ts", `import { b } from "../events/acks.ts";`, "engine may not import events"],
  ["src/core/a.ts", `import { b } from "../engine/session.ts";`, "core may not import engine"],
  ["src/adapters/a.ts", `import { b } from "../engine/ports.ts";`, "adapters may not import engine"],
  ["src/runtimes/a.ts", `import { b } from "../server/b.ts";`, "runtimes may not import server"],
  ["src/client/a.ts", `import { b } from "../engine/session.ts";`, "client may not import engine"],
  ["src/server/a.ts", `import { b } from "../client/b.ts";`, "server may not import client"],
  ["src/integrations/a.ts", `import { b } from "../adapters/b.ts";`, "integrations may not import adapters"],
  ["mod.ts", `export { b } from "./src/core/b.ts";`, "an entry point may not import core"],
  ["mod.ts", `export { b, type C } from "./src/core/b.ts";`, "an entry point may not import core"],
  ["src/engine/mod.ts", `export { b } from "../core/b.ts";`, "an entry point may not import core"],
];

Deno.test("The layer check refuses an upward import, however it is written", () => {
  for (const [path, source, problem] of UPWARD) {
    const problems = check({ [path]: source });
    assertEquals(problems.length, 1, `${source}: ${problems}`);
    assertEquals(problems[0]?.endsWith(problem), true, `${source}: ${problems[0]}`);
  }
});

Deno.test("The layer check refuses an import of an entry point, an absolute address and a stranger", () => {
  assertEquals(
    check({
      "src/server/a.ts": `import "../../mod.ts";\nimport "../engine/mod.ts";\nimport "https://a/b.ts";`,
      "src/server/b.ts": `import "../../tests/b.ts";`,
      "src/other/a.ts": ``,
      "src/a.ts": ``,
    }).map((problem) => problem.replace(/, expected.*/, "")),
    [
      "src/a.ts: belongs to no layer",
      "src/other/a.ts: belongs to no layer",
      "src/server/a.ts:1: imports the entry point mod.ts",
      "src/server/a.ts:2: imports the entry point src/engine/mod.ts",
      'src/server/a.ts:3: imports "https://a/b.ts", an absolute address',
      "src/server/b.ts:1: imports tests/b.ts, outside the layers",
    ],
  );
});

Deno.test("The layer check finds a ring, type imports included", () => {
  assertEquals(
    check({
      "src/core/a.ts": `import { b } from "./b.ts";`,
      "src/core/b.ts": `import type { C } from "./c.ts"; import "./d.ts";`,
      "src/core/c.ts": `export type { A } from "./a.ts";`,
      "src/core/d.ts": ``,
    }),
    ["ring: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts"],
  );
  assertEquals(check({ "src/core/a.ts": `import "./a.ts";` }), ["ring: src/core/a.ts -> src/core/a.ts"]);
});

Deno.test("The layer check refuses a platform outside the runtimes", () => {
  const platform = [
    `Deno.cwd();`,
    `globalThis.Deno;`,
    `const { Bun } = globalThis;`,
    `(globalThis as { process?: unknown }).process;`,
    `globalThis?.Buffer;`,
    `(globalThis as never)["Deno"];`,
    `globalThis["process"];`,
    `new WebSocketPair();`,
    `if (typeof process === "object") {}`,
    `const t = \`a \${Buffer.from("b")}\`;`,
    `const half = a / 2; Bun.sleep(half / 2);`,
    `import fs from "node:fs";`,
    `import { x } from "cloudflare:workers";`,
    `await import("node:net");`,
    `await import(name);`,
  ];
  for (const source of platform) {
    for (const path of ["src/core/a.ts", "src/server/a.ts", "src/client/a.ts", "mod.ts"]) {
      assertEquals(check({ [path]: source }).length, 1, `${path}: ${source}`);
    }
    assertEquals(check({ "src/runtimes/a.ts": source }), [], source);
  }
});

Deno.test("The layer check is not fooled by comments, texts and names that look alike", () => {
  const harmless = [
    `// Deno.cwd() and import "../engine/x.ts"`,
    `/** import { a } from "../server/a.ts"; globalThis.Bun */`,
    `const a = "Deno", b = 'import "../server/a.ts"', c = \`Bun \${1} process\`;`,
    `const r = /"Deno\\/[/'"]/; const s = "//";`,
    `const r = /Deno|process|Buffer/u.test(x); const half = a / b / c;`,
    `queue.process(job); const processed = isDenoLike; bufferedAmount; this.#process();`,
    `export const from = "../server/a.ts";`,
    `export function f(a = "x") { return a; }\nexport const g = { import: "../server/a.ts" };`,
    `const u = import.meta.url;`,
  ];
  for (const source of harmless) assertEquals(check({ "src/protocol/a.ts": source }), [], source);
});

Deno.test("The layer check keeps packages out of the layers that run everywhere", () => {
  for (const layer of ["time", "protocol", "events", "engine", "core", "client"]) {
    for (const name of ["npm:zod", "jsr:@std/assert", "hono"]) {
      assertEquals(
        check({ [`src/${layer}/a.ts`]: `import x from "${name}";` }).length,
        1,
        `${layer} ${name}`,
      );
    }
  }
  assertEquals(check({ "src/integrations/a.ts": `import { z } from "zod";` }), []);
});
