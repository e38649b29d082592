/** `$[[ inputs.name | function ]]` in a text. */
export interface Block {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** What stands between the brackets, without the spaces around it. */
  readonly data: string;
}

const OPEN = "$[[";
const CLOSE = "]]";

/** Each place is looked at once, however many begin and never end. */
export function* blocksIn(text: string): Generator<Block> {
  let close = -1;
  let innermost = -1;
  for (let start = text.indexOf(OPEN); start !== -1; start = text.indexOf(OPEN, start + 1)) {
    if (close < start + OPEN.length) {
      close = text.indexOf(CLOSE, start + OPEN.length);
      if (close === -1) return;
      innermost = text.lastIndexOf(OPEN, close - 1);
    }
    if (start !== innermost) continue;
    const data = text.slice(start + OPEN.length, close).trim();
    if (data.length > 1 && !data.includes("\n")) yield { start, end: close + CLOSE.length, data };
  }
}
