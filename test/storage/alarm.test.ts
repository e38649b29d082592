import { expect, it } from "vitest";
import { EarliestAlarm } from "../../src/storage/alarm.ts";
import { inScratch } from "../tools/objects/scratch.ts";

const FAR_MS = Date.now() + 3_600_000;

/** The alarm's time once the constructor has looked at what is stored. */
const settled = async (ctx: DurableObjectState) => {
  await ctx.blockConcurrencyWhile(async () => {});
  return ctx.storage.getAlarm();
};

it("is set for the earliest time that was asked, whatever the order", () =>
  inScratch(async ({ ctx }) => {
    const alarm = new EarliestAlarm(ctx);
    await settled(ctx);
    for (const [askedMs, setMs] of [
      [FAR_MS + 500, FAR_MS + 500],
      [FAR_MS + 900, FAR_MS + 500],
      [FAR_MS, FAR_MS],
    ] as const) {
      alarm.by(askedMs);
      expect(await ctx.storage.getAlarm()).toBe(setMs);
    }
  }));

it("can be set later again once it has fired", () =>
  inScratch(async ({ ctx }) => {
    const alarm = new EarliestAlarm(ctx);
    await settled(ctx);
    alarm.by(FAR_MS);
    await ctx.storage.deleteAlarm();
    alarm.fired();
    alarm.by(FAR_MS + 900);
    expect(await ctx.storage.getAlarm()).toBe(FAR_MS + 900);
  }));

it("keeps the alarm of an earlier life: a start doesn't postpone it", () =>
  inScratch(async ({ ctx }) => {
    await ctx.storage.setAlarm(FAR_MS);
    const alarm = new EarliestAlarm(ctx, () => FAR_MS + 900);
    expect(await settled(ctx)).toBe(FAR_MS);
    alarm.by(FAR_MS + 900);
    expect(await ctx.storage.getAlarm()).toBe(FAR_MS);
  }));

it.each([
  { left: FAR_MS + 100, set: FAR_MS + 100 },
  { left: null, set: null },
])("a start with work left by $left sets it for $set", ({ left, set }) =>
  inScratch(async ({ ctx }) => {
    const alarm = new EarliestAlarm(ctx, () => left);
    void alarm;
    expect(await settled(ctx)).toBe(set);
  }),
);
