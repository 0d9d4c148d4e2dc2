/** The live screen with its effects: keys, size, model. */
import { useApp, useInput, useWindowSize } from 'ink';
import { useSyncExternalStore } from 'react';
import type { StopReason } from '../exit-codes.ts';
import { actionOf } from './controls.ts';
import { WatchScreen } from './screen.tsx';
import type { WatchStore } from './store.ts';

/** How the screen was left. */
export type Leave = 'quit' | StopReason;

export interface WatchAppProps {
  readonly store: WatchStore;
  readonly rule: string;
  readonly onLeave: (how: Leave) => void;
  /** Stops this process until it is continued. */
  readonly onSuspend: () => Promise<void>;
}

/** Draws the store's model and answers keys. */
export function WatchApp({ store, rule, onLeave, onSuspend }: WatchAppProps) {
  const model = useSyncExternalStore(store.subscribe, store.getModel);
  const size = useWindowSize();
  const { suspendTerminal } = useApp();
  useInput((input, key) => {
    if (key.ctrl && input === 'c') return onLeave('SIGINT');
    if (key.ctrl && input === 'z') return void suspendTerminal(onSuspend);
    if (key.ctrl || key.meta) return;
    const action = actionOf(input);
    if (action === 'quit') onLeave('quit');
    else if (action !== undefined) store.act(action);
    else if (key.escape && model.showsHelp) store.act('help');
  });
  return <WatchScreen model={model} size={size} rule={rule} />;
}
