/** Remembers what was found out about texts, up to about this many characters of them; then it forgets all and begins anew. */
const MAX_CHARACTERS = 1_000_000;

/** Jobs share rules by `extends` and anchors, so that one text is read thousands of times. All of a file's texts fit in. */
export class Memo<Found> {
  readonly #known = new Map<string, Found>();
  readonly #find: (text: string) => Found;
  #characters = 0;

  constructor(find: (text: string) => Found) {
    this.#find = find;
  }

  of(text: string): Found {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#find(text);
    this.#characters += text.length + 1;
    if (this.#characters > MAX_CHARACTERS) {
      this.#known.clear();
      this.#characters = text.length + 1;
    }
    this.#known.set(text, found);
    return found;
  }
}
