// Stylesheets, modules and logos: ready bytes, named after their content, cached for a year.
import { type Drawing, stylesheetPath } from '../drawing.ts';
import type { Context, Middleware } from '../request.ts';

export function assets(drawing: Drawing): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/assets/') || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    await drawing.logos.load(ctx.state.brand);
    if (ctx.path === drawing.logos.path(ctx.state.brand)) return serveLogo(drawing, ctx);
    // Another process may have drawn the page; this makes the sheet here too.
    const sheet = stylesheetPath(drawing.assets, ctx.state);
    const asset = drawing.assets.find(ctx.path, ctx.get('accept-encoding'));
    if (!asset) return ctx.path.endsWith('.css') ? serveCurrentSheet(drawing, ctx, sheet) : next();
    ctx.set(asset.headers);
    if (ctx.get('if-none-match') === asset.headers.etag) {
      ctx.status = 304;
      return undefined;
    }
    ctx.status = 200;
    ctx.body = asset.body;
    ctx.set(asset.headers);
    return undefined;
  };
}

/** A page drawn from another version of the brand (a change on its way through the nodes) gets today's look rather than none. */
function serveCurrentSheet(drawing: Drawing, ctx: Context, path: string): void {
  const asset = drawing.assets.find(path, ctx.get('accept-encoding'));
  if (!asset) return;
  ctx.body = asset.body;
  ctx.set({ ...asset.headers, 'cache-control': 'no-store' });
}

function serveLogo({ logos }: Drawing, ctx: Context): void {
  const logo = logos.find(ctx.state.brand);
  if (!logo) return;
  ctx.set('cache-control', 'public, max-age=31536000, immutable');
  // It is somebody else's file: opened by itself an SVG could run script; in a sandbox it cannot.
  ctx.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox");
  ctx.body = logo.bytes;
  ctx.type = logo.mediaType;
}
