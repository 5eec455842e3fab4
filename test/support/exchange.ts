// One HTTP request and its answer as they are on the wire: nothing followed, nothing repaired.
import http from 'node:http';
import net from 'node:net';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  milliseconds: number;
}

export interface Exchange {
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  /** Sent with its length; an array is sent in chunks without one. */
  body?: string | Buffer | readonly (string | Buffer)[];
  /** Keeps connections; each exchange has one of its own by default, closed at its end. */
  agent?: http.Agent;
}

const form = 'application/x-www-form-urlencoded';

/** Resolves with the answer even when the server stops listening before the whole body was sent. Rejects without an answer. */
export function exchange(url: string, { method = 'GET', headers = {}, body, agent }: Exchange = {}): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const typed = body === undefined ? {} : { 'content-type': form };
    const length = typeof body === 'string' || Buffer.isBuffer(body) ? { 'content-length': Buffer.byteLength(body) } : {};
    const request = http.request(url, { method, agent: agent ?? false, headers: { ...typed, ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      const end = () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8'), milliseconds: performance.now() - started });
        if (!agent) request.destroy();
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', end);
      response.on('error', end);
    });
    request.on('error', reject);
    request.setTimeout(20_000, () => request.destroy(new Error(`no answer from ${method} ${url}`)));
    if (Array.isArray(body)) for (const chunk of body) request.write(chunk);
    request.end(Array.isArray(body) ? undefined : body);
  });
}

export function postForm(
  url: string,
  fields: Record<string, string> | string,
  headers: http.OutgoingHttpHeaders = {},
  more: Pick<Exchange, 'agent'> = {},
): Promise<Answer> {
  return exchange(url, {
    ...more,
    method: 'POST',
    headers,
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
  });
}

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  status: number;
  /** Names in lower case, in order. */
  headers: [name: string, value: string][];
  body: string;
  milliseconds: number;
}

/**
 * Writes `bytes` to the port and reads until the server closes, or until `patience` milliseconds went by without a word.
 * For what no client library would send. The request should say `Connection: close`.
 */
export function rawExchange(port: number, bytes: string | Buffer, patience = 5_000): Promise<RawAnswer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, 'localhost', () => socket.write(bytes));
    const end = () => {
      socket.destroy();
      resolve({ ...parse(Buffer.concat(chunks).toString('latin1')), milliseconds: performance.now() - started });
    };
    socket.setTimeout(patience, end);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', end);
    socket.on('error', () => {});
  });
}

function parse(text: string): Pick<RawAnswer, 'status' | 'headers' | 'body'> {
  const at = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, Math.max(at, 0)).split('\r\n');
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body: at === -1 ? '' : text.slice(at + 4) };
}
