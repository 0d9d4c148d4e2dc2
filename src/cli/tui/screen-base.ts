/** What every screen is: a frame that subscribers hear of only when it differs, looked at a few times a second. */
import type { Block, Frame } from './frame.ts';
import { blockGlyphs, type Glyphs } from './glyphs.ts';
import type { Press } from './keys.ts';
import { fitLine, inGlyphs, type Line, type Size, widthOf } from './text.ts';

/** What a press asks of whoever holds the screen. */
export type Wish =
  | { readonly kind: 'quit' | 'interrupt' | 'suspend' | 'redraw' | 'sign-in' | 'back' }
  | { readonly kind: 'event'; readonly event: string };

export abstract class ScreenBase {
  protected size: Size = { columns: 80, rows: 24 };
  private readonly listeners = new Set<() => void>();
  private readonly holder = new FrameHolder();
  private timer: NodeJS.Timeout | undefined;
  private readonly frameMs: number;
  private readonly glyphs: Glyphs;

  /** `frameMs` = between looks, ms. */
  constructor({ frameMs, glyphs }: { frameMs: number; glyphs: Glyphs }) {
    this.frameMs = frameMs;
    this.glyphs = glyphs;
  }

  /** Begins to look. */
  start(): void {
    this.timer ??= setInterval(() => this.look(), this.frameMs);
  }

  /** Ends it; nobody is told of anything afterwards. */
  stop(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getFrame = (): Frame => this.holder.frame ?? this.holder.take(this.drawn());

  /** The terminal has another size. */
  resize(size: Size): void {
    if (size.columns === this.size.columns && size.rows === this.size.rows) return;
    this.size = size;
    this.publish();
  }

  /** Takes a key. */
  abstract press(press: Press): Wish | undefined;
  /** Whether text, and Enter behind it, is all that a press can be: no key would change or choose anything. */
  abstract get isTyping(): boolean;
  /** Takes pasted text, which is never keys. */
  abstract paste(text: string): void;
  /** Takes samples, asks what is due, and publishes. */
  abstract look(): void;
  protected abstract compose(): Frame;

  /** Tells subscribers when the frame differs. */
  protected publish(): void {
    const before = this.holder.frame;
    if (this.holder.take(this.drawn()) === before) return;
    for (const listener of this.listeners) listener();
  }

  /**
   * The frame in these glyphs, no line longer than the screen: texts are cut in many places, by code that knows no
   * glyphs, and what is too long the terminal's own library would cut with a mark of its own.
   */
  private drawn(): Frame {
    const frame = this.compose();
    const { columns } = this.size;
    const text = (of: string): string => inGlyphs(of, this.glyphs);
    const lines = (of: readonly Line[], width: number): readonly Line[] =>
      of.map((each) => {
        const shown = widthOf(each) <= width ? each : fitLine(each, width);
        return this.glyphs.cut === blockGlyphs.cut
          ? shown
          : shown.map((part) => ({ text: text(part.text), tone: part.tone }));
      });
    const blocks = (of: readonly Block[], width: number): Block[] =>
      of.map(({ id, lines: own }) => ({ id, lines: lines(own, width) }));
    return {
      ...frame,
      head: lines(frame.head, columns),
      left: blocks(frame.left, frame.leftColumns),
      right: blocks(frame.right, columns - frame.leftColumns),
      foot: lines(frame.foot, columns),
    };
  }
}

/** Keeps what did not change as the very same objects, so that only what did is drawn. */
class FrameHolder {
  frame: Frame | undefined;
  private texts = new Map<string, string>();

  take(next: Frame): Frame {
    const last = this.frame;
    const texts = new Map<string, string>();
    const keep = <T>(key: string, value: T, known: T | undefined): T => {
      const text = JSON.stringify(value);
      texts.set(key, text);
      return known !== undefined && this.texts.get(key) === text ? known : value;
    };
    const lines = (key: 'head' | 'foot'): readonly Line[] => keep(key, next[key], last?.[key]);
    const blocks = (key: 'left' | 'right'): readonly Block[] => {
      const kept = next[key].map((block) =>
        keep(
          `${key} ${block.id}`,
          block,
          last?.[key].find(({ id }) => id === block.id),
        ),
      );
      const known = last?.[key];
      return known?.length === kept.length && kept.every((block, at) => block === known[at]) ? known : kept;
    };
    const made = {
      ...next,
      head: lines('head'),
      foot: lines('foot'),
      left: blocks('left'),
      right: blocks('right'),
    };
    this.texts = texts;
    const isSame =
      last !== undefined &&
      last.head === made.head &&
      last.foot === made.foot &&
      last.left === made.left &&
      last.right === made.right &&
      last.isDim === made.isDim &&
      last.size.columns === made.size.columns &&
      last.size.rows === made.size.rows &&
      last.leftColumns === made.leftColumns;
    if (!isSame || last === undefined) this.frame = made;
    return this.frame ?? made;
  }
}
