// Answers /healthz, and ends at SIGTERM: Node as pid 1 needs a handler of its own.
import { createServer } from 'node:http';

const { DATABASE_URL, PORT = '8080' } = process.env;
if (!DATABASE_URL) throw new Error('DATABASE_URL is not set');

const server = createServer((request, response) => {
  response.statusCode = request.url === '/healthz' ? 200 : 404;
  response.end(`${response.statusCode}\n`);
});
process.on('SIGTERM', () => server.close());
server.listen(Number(PORT), () => console.log('server: ready'));
