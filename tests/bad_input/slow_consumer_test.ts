/**
 * Clients that never read, and sessions that nobody comes back for: they end, by size or by time, and while they are
 * there nobody else waits for them.
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { within } from "../support/within.ts";
import { engineRows, serverRows, until } from "./stage.ts";

const KB_64 = "x".repeat(65_536);

serverRows([
  {
    id: "Slow consumer",
    sent: "a WebSocket that stops reading, while the server emits to all",
    outcome: "closed as slow consumer once more than maxBufferedBytes wait; the bystander gets every event",
    options: { maxBufferedBytes: 1_000_000 },
    async run(stage) {
      await stage.tcpJoined(); // reads nothing from here on
      let rounds = 0;
      while (stage.endings.length === 0) {
        assertLess(++rounds, 1_000, "64 MB were sent to nobody");
        stage.io.emit("all", KB_64);
        assertEquals(await stage.heardByBystander(), `42["all","${KB_64}"]`);
      }
      assertEquals(stage.endings, ["slow consumer"]);
      assertEquals([stage.strangers, stage.io.sockets.sockets.size], [0, 1]);
    },
  },
  {
    id: "Slow consumer",
    sent: "an event larger than maxBufferedBytes, to one who reads and one who does not, then another",
    outcome: "nobody is closed for the first; the second closes the one that has not taken it",
    options: { maxBufferedBytes: 1_000_000 },
    async run(stage) {
      await stage.tcpJoined();
      const large = "x".repeat(16_000_000); // more than the system's own buffers take
      stage.io.emit("large", large);
      assert(await stage.heardByBystander() === `42["large","${large}"]`);
      assertEquals(stage.endings, []);
      stage.io.emit("small");
      assertEquals(await stage.heardByBystander(), '42["small"]');
      await until(() => stage.endings.length > 0, "the end of the slow consumer");
      assertEquals([stage.endings, stage.strangers], [["slow consumer"], 0]);
    },
  },
  {
    id: "Slow consumer",
    sent: "a WebSocket that stops reading, while the server emits volatile events",
    outcome: "dropped for it, and it stays",
    options: { maxBufferedBytes: 1_000_000 },
    async run(stage) {
      await stage.tcpJoined();
      for (let n = 0; n < 400; n++) {
        stage.io.volatile.emit("all", KB_64);
        assertEquals((await stage.heardByBystander()).length > 65_536, true);
      }
      const [session] = [...stage.io.sockets.sockets.values()].map((one) => one.conn).filter((one) =>
        !one.writable
      );
      assert(session !== undefined, "its transport takes nothing any more");
      assertLess(session.bufferedAmount, 1_000_000);
      assertEquals([stage.endings, stage.strangers], [[], 1]);
    },
  },
  {
    id: "Slow consumer",
    sent: "a polling client that never polls, while the server emits",
    outcome: "closed as slow consumer once more than maxBufferedBytes wait",
    options: { maxBufferedBytes: 1_000_000 },
    async run(stage) {
      const sid = await stage.handshake();
      assertEquals(await stage.post(sid, "40"), [200, "ok"]);
      let rounds = 0;
      while (stage.endings.length === 0) {
        assertLess(++rounds, 1_000); // the end comes a turn later than the limit
        stage.io.emit("all", KB_64);
        await stage.heardByBystander();
      }
      assertGreater(rounds, 14);
      assertEquals([stage.endings, stage.strangers], [["slow consumer"], 0]);
      await stage.assertGone(sid);
    },
  },
  {
    id: "Slow consumer",
    sent: "a client that asks for more than it reads: 64 KB echoes",
    outcome: "closed as slow consumer",
    options: { maxBufferedBytes: 1_000_000 },
    async run(stage) {
      const tcp = await stage.tcpJoined();
      const sending = (async () => {
        for (let n = 0; n < 1_000 && stage.endings.length === 0; n++) {
          await tcp.frame(1, `421["echo","${KB_64}"]`);
        }
      })().catch(() => {}); // closed meanwhile
      await until(() => stage.endings.length > 0, "the end of the slow consumer");
      tcp.close();
      await sending;
      assertEquals(stage.endings, ["slow consumer"]);
    },
  },
  {
    id: "Slow consumer",
    sent: "20 clients that stop reading",
    outcome: "all closed; what is kept for them stays within maxBufferedBytes each",
    options: { maxBufferedBytes: 4_000_000 },
    async run(stage) {
      const before = Deno.memoryUsage().rss;
      for (let n = 0; n < 20; n++) await stage.tcpJoined();
      let rounds = 0;
      while (stage.endings.length < 20) {
        assertLess(++rounds, 1_000);
        stage.io.emit("all", KB_64);
        await stage.heardByBystander();
      }
      assertEquals(new Set(stage.endings), new Set(["slow consumer"]));
      assertEquals(stage.strangers, 0);
      assertLess(Deno.memoryUsage().rss - before, 400_000_000);
    },
  },
  {
    id: "Closed by us",
    sent: "nothing: the client does not answer the close of its WebSocket, and keeps the connection",
    // Its TCP connection stays for as long as the client keeps it: Deno's WebSocket has no way to cut one.
    outcome: "its sockets and session are gone at once",
    async run(stage) {
      const tcp = await stage.tcpJoined();
      await tcp.frame(1, "47");
      await stage.assertAlone();
      assertEquals(stage.endings, ["parse error"]);
      await tcp.closeCode();
      await tcp.frame(1, '42["echo","late"]').catch(() => {}); // it may be cut off by now
      assertEquals(stage.heard, []);
    },
  },
]);

engineRows([
  {
    id: "Half-open handshakes",
    sent: "10,000 over polling, none of which comes back",
    outcome: "gone after pingInterval and pingTimeout, with their timers; the bystander is served throughout",
    options: { pingInterval: 25_000, pingTimeout: 20_000 },
    async run(stage) {
      const { timers } = stage;
      let left = 10_000;
      await Promise.all(Array.from({ length: 20 }, async () => {
        while (left-- > 0) await (await fetch(stage.url("transport=polling"))).body!.cancel();
      }));
      assertEquals(stage.strangers, 10_000);
      assertEquals([stage.timers, stage.clock.pending], [timers + 10_000, 1]);
      await stage.advance(25_000);
      await stage.advance(19_999);
      assertEquals(stage.strangers, 10_000);
      await stage.advance(1);
      assertEquals([stage.strangers, stage.timers], [0, timers]);
      assertEquals(stage.endings.length, 10_000);
      assertEquals(new Set(stage.endings), new Set(["ping timeout"]));
    },
  },
  {
    id: "Half-open handshakes",
    sent: "500 WebSockets that never say a word",
    outcome: "closed after pingInterval and pingTimeout",
    async run(stage) {
      for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 50 }, () => stage.tcpWebSocket()));
      assertEquals(stage.strangers, 500);
      await stage.advance(25_000);
      await stage.advance(20_000);
      assertEquals([stage.strangers, stage.endings.length], [0, 500]);
      assertEquals(new Set(stage.endings), new Set(["ping timeout"]));
    },
  },
  {
    id: "Half-open handshakes",
    sent: "1,000 whose clients hang up before the answer",
    outcome: "no session outlives the ping timeout",
    async run(stage) {
      const { timers } = stage;
      for (let n = 0; n < 1_000; n++) {
        const tcp = await stage.tcp();
        await tcp.request("GET", stage.target("transport=polling"));
        tcp.close();
      }
      await stage.echo();
      await stage.advance(25_000);
      await stage.advance(20_000);
      await within(stage.assertAlone(), "the sessions to be gone");
      assertEquals(stage.timers, timers);
    },
  },
]);
