/** Event and EventTarget, as far as an AbortSignal needs them. <https://dom.spec.whatwg.org/#events> */

export class Event {
  readonly type: string;
  readonly cancelable: boolean;
  target: EventTarget | null = null;
  currentTarget: EventTarget | null = null;
  defaultPrevented = false;
  /** Set by `stopImmediatePropagation`: the listeners that are left get nothing. */
  isStopped = false;

  constructor(type: string, { cancelable = false }: EventInit = {}) {
    this.type = String(type);
    this.cancelable = cancelable;
  }

  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true;
  }

  /** There is no other target that it could go to. */
  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    this.isStopped = true;
  }
}

export type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

export interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly signal?: EventTarget & { readonly aborted: boolean };
}

interface Registered {
  readonly type: string;
  readonly listener: Listener;
  readonly isCapture: boolean;
  readonly isOnce: boolean;
  isRemoved: boolean;
}

export class EventTarget {
  #all: Registered[] = [];

  addEventListener(type: string, listener: Listener | null, options: ListenerOptions | boolean = {}): void {
    const { capture = false, once = false, signal } = asOptions(options);
    if (listener === null || signal?.aborted || this.#find(type, listener, capture) !== undefined) return;
    this.#all.push({ type, listener, isCapture: capture, isOnce: once, isRemoved: false });
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, capture), {
      once: true,
    });
  }

  removeEventListener(
    type: string,
    listener: Listener | null,
    options: ListenerOptions | boolean = {},
  ): void {
    const { capture = false } = asOptions(options);
    const found = listener === null ? undefined : this.#find(type, listener, capture);
    if (found !== undefined) this.#remove(found);
  }

  /** `false` where a listener prevented the default. What a listener throws ends the process, as it does in Node. */
  dispatchEvent(event: Event): boolean {
    event.target = this;
    event.currentTarget = this;
    for (const registered of this.#all.filter(({ type }) => type === event.type)) {
      if (event.isStopped) break;
      if (registered.isRemoved) continue;
      if (registered.isOnce) this.#remove(registered);
      call(registered.listener, this, event);
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }

  #find(type: string, listener: Listener, capture: boolean): Registered | undefined {
    return this.#all.find(
      (one) => one.type === type && one.listener === listener && one.isCapture === capture,
    );
  }

  #remove(registered: Registered): void {
    registered.isRemoved = true;
    this.#all = this.#all.filter((one) => one !== registered);
  }
}

function asOptions(options: ListenerOptions | boolean): ListenerOptions {
  return typeof options === 'boolean' ? { capture: options } : options;
}

/** The other listeners still get the event. */
function call(listener: Listener, target: EventTarget, event: Event): void {
  try {
    if (typeof listener === 'function') listener.call(target, event);
    else listener.handleEvent(event);
  } catch (error) {
    Promise.reject(error);
  }
}
