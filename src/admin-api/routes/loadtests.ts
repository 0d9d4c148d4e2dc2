/** Load tests in the cluster; starting and ending them are actions. */
import { z } from 'zod';
import {
  loadManifestListSchema,
  loadManifestsRequestSchema,
  loadRunListSchema,
  loadRunNameSchema,
  loadRunReplySchema,
  loadSummaryListSchema,
} from '../../contract/loadtest.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { itemOf, listOf, refusals, tags } from './common.ts';

const params = z.object({ name: loadRunNameSchema });

/** Registers GET /admin/v1/loadtests, GET …/{name}, GET …/{name}/summaries and POST /admin/v1/loadtests/manifests. */
export function loadtestRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/loadtests',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'Load tests that run in the cluster, or have ended there and were not deleted',
        response: { 200: loadRunListSchema, ...refusals(409) },
      },
    },
    async () => listOf('LoadRunList', await desk.loads.list()),
  );
  app.get(
    '/admin/v1/loadtests/:name',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'One of them: how far it is',
        params,
        response: { 200: loadRunReplySchema, ...refusals(404, 409) },
      },
    },
    async (request) => itemOf('LoadRun', await desk.loads.view(request.params.name)),
  );
  app.get(
    '/admin/v1/loadtests/:name/summaries',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'What each of its runners came to',
        params,
        response: { 200: loadSummaryListSchema, ...refusals(404, 409) },
      },
    },
    async (request) => listOf('LoadSummaryList', await desk.loads.summaries(request.params.name)),
  );
  app.post(
    '/admin/v1/loadtests/manifests',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'The objects of Kubernetes that a load test would be made of; changes nothing',
        body: loadManifestsRequestSchema,
        response: { 200: loadManifestListSchema, ...refusals(409) },
      },
    },
    async ({ body }) => listOf('LoadManifestList', desk.loads.manifests(body)),
  );
}
