/** A question that an operator asks all gateway processes through the journal. */
export interface Ask {
  readonly askId: string;
  /** `story`: of one place. `seen`: which places were heard since a time, as bits. */
  readonly what: 'story' | 'seen';
  /** The place of a story. */
  readonly seq: number;
  /** Redis ms. Of a story: when the place was joined, for its status. */
  readonly sinceMs: number;
}
