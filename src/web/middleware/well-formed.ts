// An address that is no text is refused at the door: Postgres stores neither NUL nor broken UTF-8 (22021, 22P05),
// and a decoder that repairs it would show another text than was sent.
import { isText, MalformedBody } from '../form.ts';
import type { Context, Middleware } from '../request.ts';

export function wellFormedTarget(): Middleware {
  return (ctx, next) => {
    if (!isText(ctx.url)) refuse(ctx, 'The address holds a character that cannot be read.');
    return next();
  };
}

/** More than any request of the protocol has, an API named several times (RFC 8707 2) included. */
const PARAMETERS = 100;

/** Koa reads a query in the square of what repeats in it: a name written 7,500 times would hold everybody up for seconds. */
export function fewParameters(): Middleware {
  return (ctx, next) => {
    if (ctx.querystring.split('&', PARAMETERS + 1).length > PARAMETERS) refuse(ctx, 'The address has too many parameters.');
    return next();
  };
}

function refuse({ state }: Context, says: string): never {
  state.malformed = true;
  throw new MalformedBody(400, says);
}
