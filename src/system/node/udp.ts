import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

export async function sendUdp(host: string, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    for (const datagram of datagrams) {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(datagram, port, address, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    socket.close();
  }
}
