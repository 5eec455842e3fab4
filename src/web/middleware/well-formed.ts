// An address that is no text is refused at the door: Postgres stores neither NUL nor broken UTF-8 (22021, 22P05),
// and a decoder that repairs it would show another text than was sent.
import { isText, MalformedBody } from '../form.ts';
import type { Middleware } from '../request.ts';

export function wellFormedTarget(): Middleware {
  return (ctx, next) => {
    if (!isText(ctx.url)) throw new MalformedBody(400, 'The address holds a character that cannot be read.');
    return next();
  };
}
