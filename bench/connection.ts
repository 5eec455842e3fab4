// HTTP to one server over connections that stay open.
import http from 'node:http';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** Of the body as it came, which may be compressed. */
  bytes: number;
}

export interface Message {
  /** Posted; without it the request is a GET. */
  form?: Record<string, string>;
  headers?: Record<string, string>;
}

export interface Connection {
  /** `target` is an address of the issuer or a path below it. */
  send(target: string, message?: Message): Promise<Answer>;
  close(): void;
}

export function createConnection(issuer: string, connections: number): Connection {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port, host } = new URL(issuer);
  return {
    send(target, { form, headers = {} } = {}) {
      const { pathname, search } = new URL(target, issuer);
      const body = form && new URLSearchParams(form).toString();
      const typed =
        body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
      const method = body === undefined ? 'GET' : 'POST';
      return exchange({ agent, hostname, port, path: pathname + search, method, headers: { host, ...typed, ...headers } }, body);
    },
    close: () => agent.destroy(),
  };
}

function exchange(options: http.RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body.toString('utf8'), bytes: body.length });
      });
    });
    request.on('error', reject);
    request.setTimeout(20_000, () => request.destroy(new Error(`no answer from ${options.path}`)));
    request.end(body);
  });
}
