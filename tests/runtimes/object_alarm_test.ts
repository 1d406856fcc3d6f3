/**
 * The one alarm of an object: shared by many wishes, set no more often than needed, and right after sleep.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ObjectAlarm } from "../../src/runtimes/object_alarm.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeObject } from "../support/fake_object.ts";

interface Stage {
  readonly clock: ManualClock;
  readonly object: FakeObject;
  /** The object's present life. */
  alarm: ObjectAlarm;
  sleep(): void;
  settle(): Promise<void>;
}

function stage(): Stage {
  const clock = new ManualClock(1_000);
  const object = new FakeObject(clock);
  const one: Stage = {
    clock,
    object,
    alarm: new ObjectAlarm(object, clock),
    sleep: () => one.alarm = new ObjectAlarm(object, clock),
    settle: async () => {
      for (let turn = 0; turn < 5; turn++) await undefined;
    },
  };
  object.onAlarm = () => {
    one.alarm.wentOff();
    one.alarm.run();
  };
  return one;
}

Deno.test("ObjectAlarm wakes each wish at its time, in one alarm after the other", async () => {
  const { clock, object, alarm, settle } = stage();
  const woken: [string, number][] = [];
  for (const [name, time] of [["late", 3_000], ["early", 2_000], ["too", 2_000]] as const) {
    alarm.at(time, () => woken.push([name, clock.now()]));
  }
  await settle();
  assertEquals(object.alarm, 2_000);
  clock.advance(1_000);
  await settle();
  assertEquals([woken, object.alarm], [[["early", 2_000], ["too", 2_000]], 3_000]);
  clock.advance(1_000);
  await settle();
  assertEquals([woken.at(-1), object.alarm], [["late", 3_000], undefined]);
});

Deno.test("ObjectAlarm is set once for wishes that are not earlier", async () => {
  const { object, alarm, settle } = stage();
  for (const time of [2_000, 2_500, 2_000, 9_000]) alarm.wakeAt(time);
  await settle();
  alarm.wakeAt(2_000);
  alarm.wakeAt(3_000);
  assertEquals(object.alarmsSet, 1); // each is a row that is paid for
  alarm.wakeAt(1_500);
  assertEquals([object.alarmsSet, object.alarm], [2, 1_500]);
});

Deno.test("ObjectAlarm keeps an earlier alarm of a former life, and replaces a later one", async () => {
  const here = stage();
  here.alarm.wakeAt(2_000);
  await here.settle();
  here.sleep();
  here.alarm.wakeAt(5_000);
  await here.settle();
  assertEquals([here.object.alarm, here.object.alarmsSet], [2_000, 1]);
  here.sleep();
  here.alarm.wakeAt(1_500);
  await here.settle();
  assertEquals([here.object.alarm, here.object.alarmsSet], [1_500, 2]);
});

Deno.test("ObjectAlarm does not wake a wish that was cancelled", async () => {
  const { clock, alarm, settle } = stage();
  const woken: string[] = [];
  const cancel = alarm.at(2_000, () => woken.push("cancelled"));
  const other = alarm.at(2_000, () => woken.push("cancelled meanwhile"));
  alarm.at(1_500, () => other());
  alarm.at(2_000, () => woken.push("kept"));
  cancel();
  cancel();
  for (let i = 0; i < 3; i++) {
    clock.advance(500);
    await settle();
  }
  assertEquals(woken, ["kept"]);
});

Deno.test("ObjectAlarm that comes late or early runs what is due, and asks again for the rest", async () => {
  const { clock, object, alarm, settle } = stage();
  const woken: string[] = [];
  alarm.at(2_000, () => woken.push("due"));
  alarm.at(4_000, () => woken.push("not yet"));
  await settle();
  object.setAlarm(undefined); // the platform is late
  clock.advance(2_500);
  alarm.wentOff();
  alarm.run();
  assertEquals([woken, object.alarm], [["due"], 4_000]);
  object.setAlarm(undefined);
  alarm.wentOff(); // and repeats itself
  alarm.run();
  assertEquals([woken, object.alarm], [["due"], 4_000]);
});

Deno.test("ObjectAlarm takes wishes that others make while they run", async () => {
  const { clock, object, alarm, settle } = stage();
  const woken: number[] = [];
  const again = (): void => {
    woken.push(clock.now());
    if (woken.length < 4) alarm.at(clock.now() + 100.4, again);
  };
  alarm.at(1_100, again);
  await settle();
  for (let i = 0; i < 10; i++) {
    clock.advance(150);
    await settle();
  }
  assertEquals(woken.length, 4);
  assertEquals(object.alarm, undefined);
});

Deno.test("ObjectAlarm asks for whole milliseconds, never too early", async () => {
  const { object, alarm, settle } = stage();
  alarm.wakeAt(1_999.2);
  await settle();
  assertEquals(object.alarm, 2_000);
  assert(!object.isWorking);
});
