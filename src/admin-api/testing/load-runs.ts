/** A load test in the cluster, for tests. */
import type { LoadRun, LoadSummary } from '../../contract/loadtest.ts';

export const loadRun: LoadRun = {
  name: 'tacos-smoke-x1',
  namespace: 'loadtest',
  scenario: 'smoke',
  event: 'evt_x',
  baseUrl: 'http://gateway:8000',
  runners: 2,
  stage: 'started',
  startedAt: '2026-11-21T05:00:00.000Z',
  actor: 'omar',
  auditId: 'aud_7Q2M',
  pods: { waiting: 0, running: 2, ended: 0 },
  problems: [],
};

export const loadSummary: LoadSummary = {
  pod: 'tacos-smoke-x1-1-abcde',
  exitCode: 0,
  summary: '{}',
  said: '',
};
