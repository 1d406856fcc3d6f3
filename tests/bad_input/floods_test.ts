/**
 * Much of what one would be fine: pongs, acks, CONNECTs, attachments, probes, WebSockets. What the server holds is
 * counted, not timed.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { MAX_NAMESPACES } from "../../src/core/connection.ts";
import { engineRows, serverRows, until } from "./stage.ts";

const PLACE = '{"_placeholder":true,"num":0}';
const PLACES = Array.from({ length: 10 }, (_, num) => JSON.stringify({ _placeholder: true, num }));

engineRows([
  {
    id: "Pong flood",
    sent: "100,000 pongs on one WebSocket",
    outcome: "ignored: no timer more, and the ping comes when it was due",
    options: { pingInterval: 1000 },
    async run(stage) {
      const ws = await stage.ws();
      const { timers } = stage;
      stage.clock.advance(999);
      for (let n = 0; n < 100_000; n++) ws.socket.send("3");
      ws.send("4end");
      assertEquals(await ws.text(), "4end");
      assertEquals(stage.timers, timers);
      assertEquals(stage.clock.pending, 1);
      await stage.advance(1);
      assertEquals(await ws.text(), "2");
    },
  },
  {
    id: "Pong flood",
    sent: "60,000 pongs in one POST, then more packets than a POST may hold",
    outcome: "the first is taken; the second ends the session with parse error",
    async run(stage) {
      const sid = await stage.handshake();
      const { timers } = stage;
      assertEquals(await stage.post(sid, "3\x1e".repeat(60_000) + "4x"), [200, "ok"]);
      assertEquals(await stage.poll(sid), [200, "4x"]);
      assertEquals(stage.timers, timers);
      assertEquals(await stage.post(sid, "3\x1e".repeat(70_000) + "4x"), [200, "ok"]);
      assertEquals(stage.endings, ["parse error"]);
      await stage.assertGone(sid);
    },
  },
  {
    id: "Upgrade flood",
    sent: "1,000 WebSockets for one polling session, all probing",
    outcome:
      "one of them is a candidate, the others are closed; polling goes on, nothing is left at upgradeTimeout",
    async run(stage) {
      const sid = await stage.handshake();
      const { timers } = stage;
      let open = 0;
      for (let round = 0; round < 20; round++) {
        const some = await Promise.all(Array.from({ length: 50 }, () => stage.ws(sid)));
        for (const ws of some) {
          open++;
          ws.ended.then(() => open--);
          if (ws.socket.readyState === WebSocket.OPEN) ws.send("2probe");
        }
      }
      await until(() => open === 1, "all but one to be closed");
      assertEquals([stage.strangers, stage.timers], [1, timers]);
      assertEquals(await stage.post(sid, "4x"), [200, "ok"]);
      assertEquals(await stage.poll(sid), [200, "4x"]);
      await stage.advance(10_000);
      await until(() => open === 0, "the candidate to be closed");
      assertEquals([stage.strangers, stage.endings], [1, []]);
    },
  },
  {
    id: "Upgrade flood",
    sent: "a second probe, an upgrade without a probe, and a message in place of a probe",
    outcome: "that WebSocket is closed, polling goes on",
    async run(stage) {
      const sid = await stage.handshake();
      for (const messages of [["2probe", "2probe"], ["5"], ["4x"], ["2"], ["3probe"], [""], ["9"], ["1"]]) {
        const ws = await stage.ws(sid);
        ws.send(...messages);
        await ws.end();
      }
      assertEquals([stage.strangers, stage.heard, stage.endings], [1, [], []]);
      assertEquals(await stage.post(sid, "4x"), [200, "ok"]);
      assertEquals(await stage.poll(sid), [200, "4x"]);
    },
  },
  {
    id: "Second WebSocket",
    sent: "200 more for a session that has one, half of them with a word",
    outcome: "closed, and the session goes on over the first",
    async run(stage) {
      const sid = await stage.handshake();
      const parked = await stage.park(sid);
      const ws = await stage.ws(sid);
      ws.send("2probe");
      assertEquals(await ws.text(), "3probe");
      assertEquals(await parked.answer, [200, "6"]);
      ws.send("5", "4a");
      assertEquals(await ws.text(), "4a");
      for (let n = 0; n < 200; n++) {
        const more = await stage.ws(sid);
        if (n % 2 && more.socket.readyState === WebSocket.OPEN) more.send("2probe", "4stolen");
        await more.end();
      }
      ws.send("4b");
      assertEquals(await ws.text(), "4b");
      assertEquals([stage.strangers, stage.heard, stage.endings], [1, ["a", "b"], []]);
    },
  },
]);

serverRows([
  {
    id: "CONNECT flood",
    sent: "5,000 namespaces that do not exist",
    outcome: "each is answered Invalid namespace, none is kept",
    async run(stage) {
      const socket = await stage.joined();
      const { timers } = stage;
      for (let n = 0; n < 5_000; n++) socket.send(`40/nope${n},`);
      for (let n = 0; n < 5_000; n++) {
        assertEquals(await socket.text(), `44/nope${n},{"message":"Invalid namespace"}`);
      }
      assertEquals([stage.strangers, stage.timers], [1, timers]);
    },
  },
  {
    id: "CONNECT flood",
    sent: "2,000 namespaces that exist",
    outcome: `the first ${MAX_NAMESPACES} are joined, the others answered Too many namespaces`,
    async run(stage) {
      for (let n = 0; n < 2_000; n++) stage.io.of(`/n${n}`);
      const ws = await stage.ws();
      for (let n = 0; n < 2_000; n++) ws.send(`40/n${n},`);
      const answers: string[] = [];
      while (answers.length < 2_000) answers.push(await ws.text());
      assertEquals(answers.filter((text) => text.startsWith("40/")).length, MAX_NAMESPACES);
      assertEquals(answers.at(-1), '44/n1999,{"message":"Too many namespaces"}');
      ws.send("41/n0,", "40/n1999,");
      assertEquals((await ws.text()).slice(0, 9), "40/n1999,");
    },
  },
  {
    id: "CONNECT flood",
    sent: "1,000 CONNECTs to a namespace whose middleware never decides, then silence",
    outcome: `at most ${MAX_NAMESPACES} are asked about, the connection ends after connectTimeout`,
    options: { connectTimeout: 300 },
    async run(stage) {
      let asked = 0;
      stage.io.of("/custom").use((_socket, _next) => {
        asked++;
      });
      const ws = await stage.ws();
      for (let n = 0; n < 1_000; n++) ws.send("40/custom,");
      assertEquals(await ws.text(), '44/custom,{"message":"Too many namespaces"}');
      await ws.end();
      await stage.assertAlone();
      assertLessOrEqual(asked, MAX_NAMESPACES);
      assertEquals(stage.io.of("/custom").sockets.size, 0);
    },
  },
  {
    id: "CONNECT flood",
    sent: "join and leave, 2,000 times",
    outcome: "allowed; nothing is left of it",
    async run(stage) {
      const ws = await stage.ws();
      for (let n = 0; n < 2_000; n++) ws.send("40", "41");
      for (let n = 0; n < 2_000; n++) await ws.text();
      await until(() => stage.endings.length === 2_000, "2,000 disconnects");
      assertEquals(new Set(stage.endings), new Set(["client namespace disconnect"]));
      assertEquals(stage.io.sockets.sockets.size, 1);
      assertLess(stage.timers, 10);
    },
  },
  {
    id: "Ack flood",
    sent: "20,000 acks that nobody asked for, with small and the largest ids",
    outcome: "ignored, the socket goes on",
    async run(stage) {
      const socket = await stage.joined();
      for (let n = 0; n < 20_000; n++) socket.send(n % 2 ? `43${n}["x"]` : "439007199254740991[]");
      socket.send('42["__proto__"]', "43", '43["no id"]', '421["echo"]');
      assertEquals(await socket.text(), "431[]");
    },
  },
  {
    id: "Ack flood",
    sent: "one ack a thousand times, and in another's place",
    outcome: "the callback is called once; another socket's ack is not settled",
    async run(stage) {
      const got: unknown[] = [];
      stage.io.on("connection", (one) => one.emit("ask", (answer: unknown) => got.push(answer)));
      const first = await stage.joined();
      const second = await stage.joined();
      const id = /^42(\d+)\["ask"\]$/.exec(await first.text())![1];
      await second.text();
      for (let n = 0; n < 1_000; n++) second.send(`43${id}["stolen"]`);
      second.send('421["echo"]');
      assertEquals(await second.text(), "431[]");
      assertEquals(got, []);
      for (let n = 0; n < 1_000; n++) first.send(`43${id}["mine"]`);
      first.send('421["echo"]');
      assertEquals(await first.text(), "431[]");
      assertEquals(got, ["mine"]);
    },
  },
  {
    id: "Attachments",
    sent: "more than were announced",
    outcome: "the event is delivered, then parse error",
    async run(stage) {
      const [a, b] = [new Uint8Array([1]), new Uint8Array([2])];
      await stage.assertEnds("parse error", `451-["echo",${PLACE}]`, a, b);
      assertEquals(stage.heard, [["echo", a]]);
    },
  },
  {
    id: "Attachments",
    sent: "a placeholder twice, and attachments without a placeholder",
    outcome: "accepted: the same bytes twice, the others nowhere",
    async run(stage) {
      const socket = await stage.joined();
      socket.send(`452-["x",${PLACE},${PLACE}]`, new Uint8Array([1]), new Uint8Array([2]), '421["echo"]');
      assertEquals(await socket.text(), "431[]");
      assertEquals(stage.heard[0], ["x", new Uint8Array([1]), new Uint8Array([1])]);
    },
  },
  {
    id: "Attachments",
    sent: "fewer than announced, then DISCONNECT",
    outcome: "parse error: nothing may come in between",
    run: (stage) => stage.assertEnds("parse error", `452-["x",${PLACE}]`, new Uint8Array([1]), "41"),
  },
  {
    id: "Attachments",
    sent: "fewer than announced, then the end of the connection",
    outcome: "transport close, no event, no timer left",
    async run(stage) {
      const { timers } = stage;
      const socket = await stage.joined();
      socket.send('421["echo"]', `452-["x",${PLACE}]`, new Uint8Array([1]));
      await socket.text();
      socket.socket.close();
      await stage.assertAlone();
      assertEquals([stage.endings, stage.heard], [["transport close"], [["echo"]]]);
      assertEquals(stage.timers, timers);
    },
  },
  {
    id: "Attachments",
    sent: "one announced, none sent",
    outcome: "parse error after connectTimeout",
    options: { connectTimeout: 200 },
    async run(stage) {
      await stage.assertEnds("parse error", `451-["x",${PLACE}]`);
      assertEquals(stage.heard, []);
    },
  },
  {
    id: "Attachments",
    sent: "ten of the largest size",
    outcome: "delivered: ten times maxHttpBufferSize is the most that one packet can hold",
    options: { maxHttpBufferSize: 10_000 },
    async run(stage) {
      const parts = Array.from({ length: 10 }, () => new Uint8Array(10_000));
      await stage.assertEnds("parse error", `4511-["x",${PLACES.join()},${PLACE}]`, ...parts);
      const socket = await stage.joined();
      socket.send(`4510-["x",${PLACES.join()}]`, ...parts, '421["echo"]');
      assertEquals(await socket.text(), "431[]");
    },
  },
  {
    id: "Attachments",
    sent: "a first packet whose namespace was never joined, then its bytes",
    outcome: "the connection ends",
    async run(stage) {
      const ws = await stage.ws();
      ws.send(`451-/custom,["x",${PLACE}]`, new Uint8Array([1]));
      await ws.end();
      await stage.assertAlone();
    },
  },
  {
    id: "Event flood",
    sent: "one event of 400,000 arguments",
    outcome: "parse error: more than a listener could be called with",
    async run(stage) {
      await stage.assertEnds("parse error", `42["echo"${",1".repeat(400_000)}]`);
      await stage.assertEnds("parse error", `431[${"1,".repeat(400_000)}1]`);
    },
  },
  {
    id: "Event flood",
    sent: "an object of 80,000 keys, and 200,000 empty lists",
    outcome: "sent back",
    async run(stage) {
      const socket = await stage.joined();
      const keys = `{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":0`).join()}}`;
      for (const json of [keys, `[${"[],".repeat(200_000)}0]`]) {
        socket.send(`421["echo",${json}]`);
        assert(await socket.text() === `431[${json}]`);
      }
    },
  },
  {
    id: "Event flood",
    sent: "20,000 events in one go",
    outcome: "all are delivered in order, and the bystander is served meanwhile",
    async run(stage) {
      const socket = await stage.joined();
      for (let n = 0; n < 20_000; n++) socket.socket.send(`42["n",${n}]`);
      await stage.echo();
      await until(() => stage.heard.length === 20_000, "20,000 events");
      assert(stage.heard.every(([, n], index) => n === index));
    },
  },
]);
