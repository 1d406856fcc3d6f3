/**
 * The user's own functions that throw, reject, answer nothing or never: the process goes on, the error is reported,
 * and whoever asked gets an answer.
 */
import { assertEquals } from "@std/assert";
import type { RawConnection } from "../support/raw_http.ts";
import {
  BAD_REQUEST,
  engineRows,
  type EngineStage,
  FORBIDDEN,
  type ServerRow,
  serverRows,
  type ServerStage,
  until,
} from "./stage.ts";

const fail = (): never => {
  throw new Error("hook failed");
};
const reject = (): Promise<never> => Promise.reject(new Error("hook failed"));
const ONE = ["hook failed"];
const BAD: readonly (readonly [what: string, hook: () => never])[] = [
  ["throws", fail],
  // A listener's type does not tell: what it returns is looked at.
  ["rejects", reject as unknown as () => never],
];

serverRows([
  ...BAD.map(([what, bad]) => [
    {
      id: "Event listener",
      sent: `an event whose listener ${what}`,
      outcome: "reported; the other listeners and the socket go on",
      reports: ONE,
      async run(stage: ServerStage) {
        stage.io.on("connection", (one) => {
          one.on("bad", bad);
          one.on("bad", (ack) => ack("second"));
        });
        const socket = await stage.joined();
        socket.send('421["bad"]', '422["echo",2]');
        assertEquals([await socket.text(), await socket.text()], ['431["second"]', "432[2]"]);
      },
    },
    {
      id: "onAny listener",
      sent: `an event, where onAny ${what}`,
      outcome: "reported; the event is delivered",
      reports: ONE,
      async run(stage: ServerStage) {
        stage.io.on("connection", (one) => one.onAny(bad));
        const socket = await stage.joined();
        socket.send('421["echo",1]');
        assertEquals(await socket.text(), "431[1]");
      },
    },
    {
      id: "Ack callback",
      sent: `an ack whose callback ${what}`,
      outcome: "reported; the socket goes on",
      reports: ONE,
      async run(stage: ServerStage) {
        stage.io.on("connection", (one) => one.emit("ask", bad));
        const socket = await stage.joined();
        const id = /^42(\d+)/.exec(await socket.text())![1];
        socket.send(`43${id}[]`, '421["echo",1]');
        assertEquals(await socket.text(), "431[1]");
      },
    },
    {
      id: "connection listener",
      sent: `a client, where the connection listener ${what}`,
      outcome: "reported; the client is connected, the other listeners run",
      reports: ONE,
      async run(stage: ServerStage) {
        stage.io.of("/custom").on("connection", bad);
        const socket = await stage.joined("/custom");
        socket.send('42/custom,1["echo",1]');
        assertEquals(await socket.text(), "43/custom,1[1]");
      },
    },
    {
      id: "disconnect listeners",
      sent: `the end of a connection, where disconnecting and disconnect ${what}`,
      outcome: "reported; socket, rooms and session are gone",
      reports: [...ONE, ...ONE],
      async run(stage: ServerStage) {
        stage.io.on("connection", (one) => {
          one.join("room");
          one.on("disconnecting", bad);
          one.on("disconnect", bad);
        });
        await stage.assertEnds("parse error", "47");
        stage.io.to("room").emit("nobody");
      },
    },
    {
      id: "Namespace middleware",
      sent: `CONNECT, where the middleware ${what} with no Error`,
      outcome: "CONNECT_ERROR, nothing of the value reaches the client",
      async run(stage: ServerStage) {
        const values = [undefined, null, 0, { secret: 1 }, Symbol("x"), { message: { toString: fail } }];
        for (const value of values) {
          const nsp = stage.io.of(`/m${values.indexOf(value)}`);
          nsp.use(
            what === "throws"
              ? () => {
                throw value;
              }
              : () => Promise.reject(value),
          );
          const ws = await stage.ws();
          ws.send(`40${nsp.name},`);
          assertEquals(await ws.text(), `44${nsp.name},{"message":"Refused"}`);
        }
      },
    },
    {
      id: "engine.use",
      sent: `a handshake, a poll and an upgrade, where a middleware of the engine ${what}`,
      outcome: "400 code 3, reported, the sessions go on",
      reports: [...ONE, ...ONE, ...ONE],
      async run(stage: ServerStage) {
        let isBad = false;
        stage.engine.use((_request, next) => isBad ? bad() : next());
        const sid = await stage.handshake();
        isBad = true;
        assertEquals(await stage.fetch("transport=polling"), BAD_REQUEST);
        assertEquals(await stage.poll(sid), BAD_REQUEST);
        const answer = await (await stage.tcp()).upgrade(stage.target("transport=websocket"));
        assertEquals([answer.status, answer.body], [400, "Bad request"]);
        isBad = false;
        assertEquals(await stage.post(sid, "40"), [200, "ok"]);
      },
    },
  ]).flat() as ServerRow[],
  {
    id: "engine.use",
    sent: "requests, where a middleware returns nothing, or fails after next()",
    outcome: "400 code 3, reported; an upgrade that was made stays as it is",
    reports: ["Response", "hook failed", "hook failed"],
    async run(stage) {
      let mode = "";
      stage.engine.use(async (_request, next) => {
        if (mode === "nothing") return undefined as never;
        const response = await next();
        return mode === "late" ? fail() : response;
      });
      mode = "nothing";
      assertEquals(await stage.fetch("transport=polling"), BAD_REQUEST);
      mode = "late";
      const ws = await stage.ws();
      assertEquals(await stage.fetch("transport=polling&sid=x"), BAD_REQUEST);
      mode = "";
      ws.send("40");
      assertEquals((await ws.text()).slice(0, 3), "40{");
    },
  },
  ...BAD.map(([what, bad]) => ({
    id: "Header events",
    sent: `requests, where listeners of headers, initial_headers and connection_error ${what}`,
    outcome: "reported; the answers are as without them",
    reports: [...ONE, ...ONE, ...ONE],
    async run(stage: ServerStage) {
      for (const event of ["headers", "initial_headers", "connection_error"] as const) {
        stage.engine.on(event, bad);
      }
      await stage.handshake();
      assertEquals((await stage.fetch("transport=nope"))[0], 400);
    },
  })),
  {
    id: "Header events",
    sent: "requests, where the headers set are none (a line break, no name)",
    outcome: "the error is reported and the client answered; an upgrade does not end the process",
    reports: ["", "", ""],
    async run(stage) {
      let bad: Record<string, string> = {};
      stage.engine.on("headers", (headers) => Object.assign(headers, bad));
      for (bad of [{ "x": "a\r\nb: c" }, { "": "x" }]) {
        assertEquals((await stage.fetch("transport=polling"))[0], 200); // without that header
      }
      const tcp = await stage.tcp();
      const { status } = await tcp.upgrade(stage.target("transport=websocket"));
      bad = {};
      tcp.close();
      assertEquals(status, 101);
    },
  },
  ...BAD.map(([what, bad]): ServerRow => {
    let made = 0;
    return {
      id: "generateId",
      sent: `a handshake, where it ${what}`,
      outcome: "code 3, no session",
      options: { generateId: () => made++ === 0 ? "bystander" : bad() },
      async run(stage) {
        assertEquals(await stage.fetch("transport=polling"), BAD_REQUEST);
        assertEquals(stage.strangers, 0);
      },
    };
  }),
  {
    id: "onError",
    sent: "a listener that throws to an onError that throws",
    outcome: "the process goes on",
    options: { onError: fail },
    async run(stage) {
      stage.io.on("connection", (one) => one.on("bad", fail));
      stage.engine.on("connection_error", fail);
      const socket = await stage.joined();
      socket.send('42["bad"]', '421["echo",1]');
      assertEquals(await socket.text(), "431[1]");
      assertEquals((await stage.fetch("transport=nope"))[0], 400);
    },
  },
]);

serverRows([
  {
    id: "Namespace middleware",
    sent: "CONNECT, where the middleware decides twice, and once more after the client has left",
    outcome: "the first word counts: the client is refused and stays so; what is late changes nothing",
    async run(stage) {
      let late: (error?: Error) => void = () => {};
      stage.io.of("/twice").use((_socket, next) => {
        next(new Error("no"));
        next();
        next(new Error("no, no"));
      });
      stage.io.of("/late").use((_socket, next) => {
        late = next;
      });
      const ws = await stage.ws();
      ws.send("40/twice,", "40/late,", "40/nope,");
      assertEquals(await ws.text(), '44/twice,{"message":"no"}');
      assertEquals(await ws.text(), '44/nope,{"message":"Invalid namespace"}');
      ws.socket.close();
      await stage.assertAlone();
      late();
      assertEquals([stage.io.of("/twice").sockets.size, stage.io.of("/late").sockets.size], [0, 0]);
    },
  },
  {
    id: "Event listener",
    sent: "an event whose listener acks twice, and after the client has left",
    outcome: "one ack is sent",
    async run(stage) {
      let late: (...args: unknown[]) => void = () => {};
      stage.io.on("connection", (one) =>
        one.on("twice", (ack) => {
          ack(1);
          ack(2);
          late = ack;
        }));
      const socket = await stage.joined();
      socket.send('421["twice"]', '422["echo"]');
      assertEquals([await socket.text(), await socket.text()], ["431[1]", "432[]"]);
      socket.socket.close();
      await stage.assertAlone();
      late(3);
    },
  },
  {
    id: "Event listener",
    sent: "an event whose listener answers with what cannot be encoded",
    outcome: "reported as a TypeError of the listener; the socket goes on",
    reports: ["TypeError", "TypeError", "TypeError"],
    async run(stage) {
      const circular: unknown[] = [];
      circular.push(circular);
      let deep: unknown = 0;
      for (let n = 0; n < 5_000; n++) deep = [deep];
      stage.io.on("connection", (one) => one.on("bad", (n, ack) => ack([1n, circular, deep][n])));
      const socket = await stage.joined();
      socket.send('421["bad",0]', '422["bad",1]', '423["bad",2]', '424["echo"]');
      assertEquals(await socket.text(), "434[]");
    },
  },
  ...BAD.map(([what, bad]): ServerRow => {
    let asked = 0;
    return {
      id: "cors",
      sent: `requests, where its delegate ${what}`,
      outcome: "400 code 3, reported",
      options: {
        cors: (_request, callback) => {
          if (asked++ > 0) return bad();
          callback(null, { origin: false });
        },
      },
      reports: [...ONE, ...ONE],
      async run(stage) {
        assertEquals(await stage.fetch("transport=polling"), BAD_REQUEST);
        const answer = await (await stage.tcp()).upgrade(stage.target("transport=websocket"));
        assertEquals(answer.status, 400);
        assertEquals(stage.strangers, 0);
      },
    };
  }),
]);

/** What allowRequest was given and has not been told. */
const undecided: ((error: null, success: boolean) => void)[] = [];
serverRows([{
  id: "allowRequest",
  sent: "100 handshakes that it does not decide about, half of which hang up",
  outcome: "no session until it does, nobody else waits; then each is answered",
  options: {
    allowRequest: (request, decide) => {
      if (request.url.includes("later")) undecided.push(decide);
      else decide(null, true);
    },
  },
  async run(stage) {
    const waiting: RawConnection[] = [];
    for (let n = 0; n < 100; n++) {
      const tcp = await stage.tcp();
      await tcp.request("GET", stage.target("transport=polling&later"));
      waiting.push(tcp);
    }
    await until(() => undecided.length === 100, "100 questions");
    for (const tcp of waiting.splice(50)) tcp.close();
    await stage.echo();
    assertEquals(stage.strangers, 0);
    for (const decide of undecided) {
      decide(null, false);
      decide(null, true); // once is enough
    }
    for (const tcp of waiting) assertEquals((await tcp.response()).status, 403);
    assertEquals(stage.strangers, 0);
  },
}]);

let decide: () => unknown = () => true;
serverRows(
  ([
    ["throws", fail, ONE],
    ["rejects", reject, ONE],
    ["resolves to false", () => Promise.resolve(false), []],
    ["resolves to a text", () => Promise.resolve("yes"), []],
    ["returns nothing", () => undefined, []],
  ] as const).map(([what, bad, reports]) => ({
    id: "allowRequest",
    sent: `a handshake, where it ${what}`,
    outcome: "refused with code 4, no session",
    options: {
      allowRequest: (_request: Request) => decide() as boolean,
    },
    reports,
    async run(stage) {
      decide = bad;
      try {
        assertEquals(await stage.fetch("transport=polling"), FORBIDDEN);
        assertEquals(stage.strangers, 0);
      } finally {
        decide = () => true;
      }
    },
  })),
);

engineRows([
  ...BAD.map(([what, bad]) => ({
    id: "Engine listeners",
    sent: `a session, where every listener ${what}`,
    outcome: "reported; the session goes on to its end",
    reports: Array(4).fill("hook failed"),
    async run(stage: EngineStage) {
      stage.engine.on("connection", bad);
      stage.engine.on("connection", (socket) => {
        for (const event of ["message", "packet", "close"] as const) socket.on(event, bad);
      });
      const ws = await stage.ws();
      ws.send("4x", "9");
      assertEquals(await ws.text(), "4x");
      await ws.end();
      assertEquals(stage.endings, ["parse error"]);
    },
  })),
  {
    id: "onError",
    sent: "engine listeners that throw to an onError that throws",
    outcome: "the process goes on, and so does the session",
    options: { onError: fail },
    async run(stage) {
      stage.engine.on("connection", (socket) => {
        socket.on("message", fail);
        socket.on("message", reject);
      });
      const ws = await stage.ws();
      ws.send("4x", "4y");
      assertEquals([await ws.text(), await ws.text()], ["4x", "4y"]);
    },
  },
]);
