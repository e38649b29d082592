/**
 * Room in memory, which an isolate's uploads share.
 *
 * A request whose client has gone may be stopped where it stands, without a word: nobody gives back what it had. So whoever
 * has shown no progress for a while counts as gone, and whoever waits looks by itself instead of being called.
 */
import { PART_BYTES } from "./sink.ts";

/** Of 128 MB that an isolate has for them and for all else that it does. */
const UPLOAD_ROOM_BYTES = 48 * 1024 * 1024;
/** Without a sign of progress an upload counts as gone after this; if it isn't, it counts again with its next byte. */
const GONE_AFTER_MS = 60_000;
/** And so does one that waits and doesn't look any more. */
const WAITER_GONE_AFTER_MS = 5000;
/** So often somebody who waits looks, thirty seconds long. */
const LOOK_EVERY_MS = 250;
const MAX_LOOKS = 120;

/** What one upload has of the room. */
export class Place {
  readonly #room: Room;
  readonly bytes: number;
  #isIn = false;
  #seenMs = Date.now();

  constructor(room: Room, bytes: number) {
    this.#room = room;
    this.bytes = bytes;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  isGone(nowMs: number): boolean {
    return nowMs - this.#seenMs > (this.#isIn ? GONE_AFTER_MS : WAITER_GONE_AFTER_MS);
  }

  /** Waits until there is room; false when there was none in time. Once it is taken it stays so. */
  async take(): Promise<boolean> {
    for (let looks = 0; !this.#isIn; looks++) {
      this.touch();
      this.#isIn = this.#room.admits(this);
      if (this.#isIn) break;
      if (looks === MAX_LOOKS) {
        this.leave();
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return true;
  }

  /** A sign that the upload goes on. */
  touch(): void {
    this.#seenMs = Date.now();
    this.#room.places.add(this);
  }

  leave(): void {
    this.#isIn = false;
    this.#room.places.delete(this);
  }
}

export class Room {
  readonly #totalBytes: number;
  /** In the order of their coming: a large one isn't overtaken for ever. */
  readonly places = new Set<Place>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** For `bytes`, or for all that there is when they are more. */
  place(bytes: number): Place {
    return new Place(this, Math.min(bytes, this.#totalBytes));
  }

  /** Is there room for this place, and is it the next one? */
  admits(place: Place): boolean {
    const nowMs = Date.now();
    for (const each of this.places) if (each.isGone(nowMs)) this.places.delete(each);
    const places = [...this.places];
    const takenBytes = places.filter(({ isIn }) => isIn).reduce((sum, { bytes }) => sum + bytes, 0);
    return places.find(({ isIn }) => !isIn) === place && takenBytes + place.bytes <= this.#totalBytes;
  }
}

const isolate = new Room(UPLOAD_ROOM_BYTES);

/** For a part of the file, or less of one that says to be shorter; `declaredBytes` is 0 when it isn't said. */
export const uploadPlace = (declaredBytes: number): Place =>
  isolate.place(declaredBytes > 0 ? Math.min(declaredBytes, PART_BYTES) : PART_BYTES);
