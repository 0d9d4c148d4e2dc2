/** Fields that are typed into, and which of them has the focus. No terminal, no network. */
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import type { Press } from '../keys.ts';

export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  /** Shown beside it. */
  readonly hint: string;
  /** Shown in the place of the hint: the value in force. */
  readonly now?: (snapshot: QueueSnapshot) => string;
  /** Fixed choices, gone through with space or arrows; absent = text. */
  readonly choices?: readonly string[];
}

/** Said of what is typed on a button. */
const onButton = 'Tab to the fields';
/** Longest text of a field. */
const textMax = 300;

/** The ring that Tab goes round: Cancel first, then the fields, then Apply. */
export class Form {
  /** Why what was typed last went nowhere; '' = it did not. */
  hint = '';
  /** Number in the ring. */
  private at = 0;
  private readonly values = new Map<string, string>();
  private specs: readonly FieldSpec[];

  constructor(specs: readonly FieldSpec[]) {
    this.specs = specs;
  }

  get fields(): readonly FieldSpec[] {
    return this.specs;
  }

  /** `cancel`, `apply` or the name of a field. */
  get focus(): string {
    return this.ring()[this.at] ?? 'cancel';
  }

  /** What is in a field; '' for none. */
  value(name: string): string {
    return this.values.get(name) ?? this.specs.find((each) => each.name === name)?.choices?.[0] ?? '';
  }

  /** Puts other fields in place; what was typed and the focus stay. */
  setFields(specs: readonly FieldSpec[]): void {
    const focus = this.focus;
    this.specs = specs;
    this.at = Math.max(0, this.ring().indexOf(focus));
  }

  /** Takes a press for the form. True when it was one. */
  press({ name, text }: Press): boolean {
    this.hint = '';
    if (name === 'tab' || name === 'down') return this.move(1);
    if (name === 'shift-tab' || name === 'up') return this.move(-1);
    const field = this.specs.find((each) => each.name === this.focus);
    if (field === undefined) {
      if (text !== '') this.hint = onButton;
      return false;
    }
    if (name === 'return') return this.move(1);
    if (field.choices !== undefined) return this.choose(field.name, field.choices, name);
    const value = this.value(field.name);
    if (name === 'backspace') this.values.set(field.name, [...value].slice(0, -1).join(''));
    else if (name === 'ctrl-u') this.values.set(field.name, '');
    else if (text !== '') this.insert(text);
    else return false;
    return true;
  }

  /** Puts text behind what is in the field of the focus, on one line. */
  insert(text: string): void {
    const field = this.specs.find((each) => each.name === this.focus);
    const plain = text.replace(/[\r\n\t]+/g, ' ').replace(/\p{Cc}/gu, '');
    // An Enter that came together with a Tab is no text.
    if (field === undefined && plain.trim() !== '') this.hint = onButton;
    if (field === undefined || field.choices !== undefined) return;
    this.values.set(field.name, `${this.value(field.name)}${plain}`.slice(0, textMax));
  }

  private choose(name: string, choices: readonly string[], press: string): boolean {
    const step = press === ' ' || press === 'right' ? 1 : press === 'left' ? -1 : 0;
    if (step === 0) return false;
    const at = Math.max(0, choices.indexOf(this.value(name)));
    this.values.set(name, choices[(at + step + choices.length) % choices.length] ?? '');
    return true;
  }

  private move(step: number): boolean {
    const { length } = this.ring();
    this.at = (this.at + step + length) % length;
    return true;
  }

  private ring(): readonly string[] {
    return ['cancel', ...this.specs.map(({ name }) => name), 'apply'];
  }
}
