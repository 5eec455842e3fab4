// One address in front of several servers, as a load balancer is: each request goes to the server that a test says.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrontDoor {
  port: number;
  /** What was answered so far: anything from 500 on, in one line each. A connection that broke is one too. */
  faults: string[];
  /** How many were told to come again in a moment: 503 with Retry-After. */
  postponed: number;
  /** From now on requests go to these ports, taking turns. */
  lead(...ports: number[]): void;
  close(): Promise<void>;
}

export async function openFrontDoor(): Promise<FrontDoor> {
  let ports: number[] = [];
  let turn = 0;
  const server = http.createServer((request, response) => {
    turn += 1;
    pass(door, ports[turn % ports.length] ?? 0, request, response);
  });
  const door: FrontDoor = {
    port: 0,
    faults: [],
    postponed: 0,
    lead: (...next) => {
      ports = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  door.port = (server.address() as AddressInfo).port;
  return door;
}

/** The request as it came, with the host it was sent to. */
function pass(door: FrontDoor, port: number, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, url: path, headers } = request;
  const forward = http.request({ host: 'localhost', port, method, path, headers, agent: false }, (answer) => {
    note(door, `${method} ${path?.split('?')[0]}`, answer);
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(response);
  });
  forward.on('error', (error) => {
    door.faults.push(`${method} ${path?.split('?')[0]}: ${error.message}`);
    response.destroy();
  });
  request.pipe(forward);
}

function note(door: FrontDoor, what: string, { statusCode = 0, headers }: http.IncomingMessage): void {
  if (statusCode < 500) return;
  if (statusCode === 503 && Number(headers['retry-after']) > 0) door.postponed += 1;
  else door.faults.push(`${what}: ${statusCode}`);
}
