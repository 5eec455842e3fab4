// What the log and the numbers call a path: words of ours as they are, everything else without what it says.
import type { Router } from '@koa/router';
import { createApp } from '../../src/app.ts';
import { routeOf } from '../../src/web/middleware/request-log.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico();
});
afterAll(() => portico.stop());

test('every address of our pages is told by its own words', () => {
  const layers = createApp(portico.services).koa.middleware.flatMap((one) => (one as { router?: Router }).router?.stack ?? []);
  const paths = layers.map(({ path }) => String(path)).filter((path) => /^(\/:?[a-z.-]+)+$/.test(path));
  expect(paths.length).toBeGreaterThan(25);
  const told = paths.map((path) => [path, routeOf(path.replaceAll(/:[a-z]+/g, 'Xy9'))]);
  expect(told).toEqual(paths.map((path) => [path, path.replaceAll(/:[a-z]+/g, ':id')]));
});

test('what a stranger writes is not', () => {
  expect(routeOf('/favicon.ico')).toBe('/:id');
  expect(routeOf('/account/anna@example.com/token')).toBe('/account/:id/token');
  expect(routeOf('/a/b/c/d/e/f/g/h')).toBe('/:id/:id/:id/:id/:id');
});
