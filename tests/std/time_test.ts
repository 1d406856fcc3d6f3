import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime, TimeError } from "@std/testing/time";

Deno.test("FakeTime runs timers in the order they are due", () => {
  using time = new FakeTime(1000);
  const log: string[] = [];
  setTimeout(() => log.push(`b ${Date.now()}`), 20);
  setTimeout((text: string) => log.push(text), 10, "a");
  const off = setTimeout(() => log.push("never"), 15);
  clearTimeout(off);
  setTimeout(() => setTimeout(() => log.push("nested"), 5), 10);
  time.tick(9);
  assertEquals(log, []);
  time.tick(11);
  assertEquals(log, ["a", "nested", "b 1020"]);
  assertEquals(time.now, 1020);
});

Deno.test("FakeTime repeats an interval until it is cleared", () => {
  using time = new FakeTime(0);
  let count = 0;
  const id = setInterval(() => count++, 10);
  time.tick(35);
  assertEquals(count, 3);
  clearInterval(id);
  time.tick(100);
  assertEquals(count, 3);
});

Deno.test("FakeTime fakes Date and gives it back", () => {
  const before = new Date(0);
  const realDate = Date;
  const realTimeout = setTimeout;
  {
    using time = new FakeTime("2026-01-02T03:04:05Z");
    assertEquals(new Date().toISOString(), "2026-01-02T03:04:05.000Z");
    assertEquals(new Date(5).getTime(), 5);
    assert(new Date() instanceof Date);
    assert(before instanceof Date);
    assertEquals(time.start, Date.now());
    assertThrows(() => new FakeTime(), TimeError, "already faked");
    assertThrows(() => time.now = 0, RangeError, "past");
  }
  assert(Date === realDate);
  assert(setTimeout === realTimeout);
});

Deno.test("FakeTime refuses to be restored twice", () => {
  const time = new FakeTime();
  time.restore();
  assertThrows(() => time.restore(), TimeError, "already restored");
});

Deno.test("FakeTime.tickAsync() lets promises settle between timers", async () => {
  using time = new FakeTime(0);
  const log: number[] = [];
  const loop = (async () => {
    for (let i = 0; i < 3; i++) {
      await time.delay(10);
      log.push(Date.now());
    }
  })();
  await time.tickAsync(30);
  await loop;
  assertEquals(log, [10, 20, 30]);
});

Deno.test("FakeTime.next() and runAllAsync() go from timer to timer", async () => {
  using time = new FakeTime(0);
  setTimeout(() => {}, 50);
  assert(time.next());
  assertEquals(time.now, 50);
  assert(!time.next());
  void time.delay(5).then(() => time.delay(7));
  await time.runAllAsync();
  assertEquals(time.now, 62);
});

Deno.test("FakeTime.delay() rejects when its signal aborts", async () => {
  using time = new FakeTime(0);
  const controller = new AbortController();
  const delayed = time.delay(10, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => delayed, RangeError, "enough");
  assert(!time.next());
});

Deno.test("FakeTime.restoreFor() runs with real time", async () => {
  using _time = new FakeTime(0);
  const real = await FakeTime.restoreFor(() => Date.now());
  assert(real > 1_000_000);
  assertEquals(Date.now(), 0);
});
