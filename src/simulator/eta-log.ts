/** ETAs kept of one visitor: a poll at least every 2 s would fill it in 17 min; later ones are not judged. */
const shownMax = 512;
/** An ETA is judged only if it was shown with at least this confidence, */
const confidenceMin = 0.6;
/** and at least this long before the end, ms. */
const leftMinMs = 30_000;

/** The ETAs that one visitor was shown, judged once it is known how long it really took. */
export class EtaLog {
  /** Time of the poll (ms) and ETA (s) in turn. */
  #shown: number[] = [];
  #isJudged = false;

  /** Notes what a poll showed; nothing after the judgement. */
  note(nowMs: number, etaSec: number, confidence: number): void {
    if (this.#isJudged) return;
    if (confidence >= confidenceMin && this.#shown.length < 2 * shownMax) this.#shown.push(nowMs, etaSec);
  }

  /** Adds the judgement to the tally, the first time that the turn has come. */
  judgeOnce(readyAtMs: number, tally: { etaPolls: number; etaPollsWithin: number }): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    const { polls, within } = this.judge(readyAtMs);
    tally.etaPolls += polls;
    tally.etaPollsWithin += within;
  }

  /** How many of the ETAs that count were within max(10 %, 5 s), now that the turn has come; then forgets them. */
  judge(readyAtMs: number): { readonly polls: number; readonly within: number } {
    let polls = 0;
    let within = 0;
    for (let index = 0; index < this.#shown.length; index += 2) {
      const leftMs = readyAtMs - (this.#shown[index] as number);
      if (leftMs < leftMinMs) continue;
      polls += 1;
      const errorMs = Math.abs((this.#shown[index + 1] as number) * 1000 - leftMs);
      if (errorMs <= Math.max(leftMs / 10, 5_000)) within += 1;
    }
    this.#shown = [];
    return { polls, within };
  }
}
