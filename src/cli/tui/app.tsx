/** The live screen with its effects: keys and pasted text. */
import { useApp, useInput, usePaste } from 'ink';
import { useSyncExternalStore } from 'react';
import type { StopReason } from '../exit-codes.ts';
import { arrivalsOf } from './keys.ts';
import { FrameView } from './screen.tsx';
import type { Wish } from './screen-base.ts';
import type { Stage } from './stage.ts';

/** How the screen was left. */
export type Leave = 'quit' | StopReason;

export interface WatchAppProps {
  readonly stage: Stage;
  readonly onLeave: (how: Leave) => void;
  /** Stops this process until it is continued. */
  readonly onSuspend: () => Promise<void>;
  /** Signs in again on the main screen. */
  readonly onSignIn: () => Promise<void>;
}

/** Draws the frame of the screen in place and hands keys to it. */
export function WatchApp({ stage, onLeave, onSuspend, onSignIn }: WatchAppProps) {
  const frame = useSyncExternalStore(stage.subscribe, stage.getFrame);
  const { suspendTerminal } = useApp();
  const grant = (wish: Wish | undefined): void => {
    if (wish?.kind === 'quit') onLeave('quit');
    else if (wish?.kind === 'interrupt') onLeave('SIGINT');
    else if (wish?.kind === 'suspend') void suspendTerminal(onSuspend);
    else if (wish?.kind === 'sign-in') void suspendTerminal(onSignIn).then(() => stage.signedIn());
    // Coming back from a suspension draws everything anew.
    else if (wish?.kind === 'redraw') void suspendTerminal(async () => {});
    else if (wish !== undefined) stage.grant(wish);
  };
  useInput((input, key) => {
    for (const arrival of arrivalsOf(input, key, stage.screen)) {
      if ('paste' in arrival) stage.screen.paste(arrival.paste);
      else grant(stage.screen.press(arrival.press));
    }
  });
  usePaste((text) => stage.screen.paste(text));
  return <FrameView frame={frame} />;
}
