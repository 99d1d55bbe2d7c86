/** The socket: requests with their answers, events, and binary messages. It connects again when it is lost. */

import type { AnyRequest, Answer, BinaryHeader, Event } from './protocol';

type Omitted<T> = T extends { id: number } ? Omit<T, 'id'> : never;
/** A request without its id, which the connection adds. */
export type Asked = Omitted<AnyRequest>;

export interface Listener {
  event(event: Event): void;
  binary(header: BinaryHeader, bytes: Uint8Array<ArrayBuffer>): void;
  online(): void;
  lost(attempt: number): void;
}

/** A refusal of the studio. */
export class Refused extends Error {
  readonly node: string | null;
  readonly field: string | null;

  constructor(message: string, node: string | null = null, field: string | null = null) {
    super(message);
    this.node = node;
    this.field = field;
  }
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(reason: Refused): void;
}

/** Split a binary message into its header and the bytes of the picture. */
export function parseBinary(message: ArrayBuffer): [BinaryHeader, Uint8Array<ArrayBuffer>] {
  const length = new DataView(message).getUint32(0);
  const header = new TextDecoder().decode(new Uint8Array(message, 4, length));
  return [JSON.parse(header) as BinaryHeader, new Uint8Array(message, 4 + length)];
}

/** Return the milliseconds to wait before an attempt to connect again. */
export function pause(attempt: number): number {
  return Math.min(250 * 2 ** attempt, 4000);
}

export class Connection {
  private socket: WebSocket | null = null;
  private next = 1;
  private attempt = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly address: string;
  private readonly listener: Listener;

  constructor(address: string, listener: Listener) {
    this.address = address;
    this.listener = listener;
  }

  open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.attempt = 0;
      this.listener.online();
    };
    socket.onmessage = (message: MessageEvent<string | ArrayBuffer>) => this.receive(message.data);
    socket.onclose = () => {
      this.refuseAll();
      this.listener.lost(this.attempt);
      window.setTimeout(() => this.open(), pause(this.attempt++));
    };
  }

  /** Send a request and return its answer. Throws `Refused`. */
  ask(request: Asked): Promise<Answer> {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Refused('The studio is not connected.'));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, ...request }));
    });
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      this.listener.binary(...parseBinary(data));
      return;
    }
    const message = JSON.parse(data) as Answer | Event;
    if ('re' in message) this.answer(message);
    else this.listener.event(message);
  }

  private answer(answer: Answer): void {
    const waiting = this.waiting.get(answer.re);
    this.waiting.delete(answer.re);
    if (answer.ok) waiting?.resolve(answer);
    else waiting?.reject(new Refused(answer.error?.message ?? 'refused', answer.error?.node, answer.error?.field));
  }

  private refuseAll(): void {
    for (const waiting of this.waiting.values()) waiting.reject(new Refused('The connection to the studio was lost.'));
    this.waiting.clear();
  }
}
