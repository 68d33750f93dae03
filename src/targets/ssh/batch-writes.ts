import type { Socket } from "node:net";

/**
 * Lets a socket send what is written to it within one turn of the event loop at once. ssh2 writes every packet by
 * itself, and with many small requests under way the system calls would cost more than all the rest.
 */
export function batchWrites(socket: Socket): Socket {
  const write: (...args: Parameters<Socket["write"]>) => boolean = socket.write.bind(socket);
  let isHeld = false;
  const release = (): void => {
    isHeld = false;
    socket.uncork();
  };
  return Object.assign(socket, {
    write(...args: Parameters<Socket["write"]>): boolean {
      if (!isHeld) {
        isHeld = true;
        socket.cork();
        setImmediate(release);
      }
      return write(...args);
    },
  });
}
