// Changes as they happen: one WebSocket by graphql-transport-ws for the page. Owns the connection and its retries; the
// server decides every event for the caller. What happened while it was away is told to nobody: screens ask again.

import { purposeHeader } from './api.js';
import { currentLanguage } from './language.js';
import { session } from './session.js';

const PROTOCOL = 'graphql-transport-ws';
const PATIENCE_MS = [500, 1_000, 2_000, 5_000, 10_000];
const BAD_TOKEN = 4403;
const LOST = ['EVENTS_LOST', 'SUBSCRIPTION_OVERFLOW']; // of what happened meanwhile nothing is told: all is asked again
const ACCESS_CHANGED = 'subscription { accessChanged { ruleSet roles purposes department cleared clearedUntil } }';

/** Whether the caller's rights are no longer those that the page was loaded with. */
function isOther(told) {
  const rights = ({ ruleSet, roles, department }) => JSON.stringify([ruleSet, roles, department]);
  return session.viewer !== null && rights(told) !== rights(session.viewer);
}

class Live {
  #socket = null;
  #subscriptions = new Map(); // id → {query, variables, onData}
  #next = 1;
  #failures = 0;
  #timer = null;
  #seenAccess = null; // what the caller may do, as it was told last
  #isFollowing = false; // it has been told over this connection

  /** Keeps the page's rights up to date while somebody is logged in. */
  start() {
    this.stop();
    this.#seenAccess = null;
    this.subscribe(ACCESS_CHANGED, {}, (data) => {
      const state = JSON.stringify(data.accessChanged);
      // The first word over a new connection is no change by itself, but may tell of one between the two connections, or
      // since the page was loaded.
      const isNew = this.#seenAccess === null ? isOther(data.accessChanged) : this.#seenAccess !== state;
      const isChange = this.#isFollowing || isNew;
      this.#seenAccess = state;
      this.#isFollowing = true;
      if (isChange) session.reload().catch(() => {});
    });
  }

  stop() {
    clearTimeout(this.#timer);
    this.#subscriptions.clear();
    this.#dismiss();
  }

  /** Follows until the function that it returns is called. `onData(data, extensions)` per event. */
  subscribe(query, variables, onData) {
    const id = String(this.#next++);
    this.#subscriptions.set(id, { query, variables, onData });
    if (this.#isReady()) this.#send(id);
    else this.#connect();
    return () => {
      if (!this.#subscriptions.delete(id)) return;
      if (this.#isReady()) this.#socket.send(JSON.stringify({ id, type: 'complete' }));
    };
  }

  async #connect() {
    if (this.#socket || !session.viewer) return;
    const socket = new WebSocket(new URL('/graphql', location.href.replace(/^http/, 'ws')), PROTOCOL);
    this.#socket = socket;
    socket.onopen = async () => {
      try {
        const payload = {
          authorization: `Bearer ${await session.accessToken()}`,
          'accept-language': currentLanguage(),
          ...purposeHeader(session.purpose),
        };
        if (this.#socket === socket) socket.send(JSON.stringify({ type: 'connection_init', payload }));
      } catch {
        socket.close(1000);
      }
    };
    socket.onmessage = (event) => this.#take(socket, JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  #take(socket, message) {
    if (message.type === 'connection_ack') {
      socket.isReady = true;
      this.#isFollowing = false;
      const isAgain = this.#failures > 0;
      this.#failures = 0;
      for (const id of this.#subscriptions.keys()) this.#send(id);
      if (isAgain) session.reload().catch(() => {});
    } else if (message.type === 'ping') {
      socket.send(JSON.stringify({ type: 'pong' }));
    } else if (message.type === 'next') {
      const { data, extensions } = message.payload;
      if (data) this.#subscriptions.get(message.id)?.onData(data, extensions ?? {});
    } else if (message.type === 'error') { // kept: what is refused now may be allowed over the next connection
      if (message.payload.some((error) => LOST.includes(error.extensions?.code))) socket.close(1000);
    } else if (message.type === 'complete') {
      this.#subscriptions.delete(message.id);
    }
  }

  #isReady() {
    return this.#socket?.readyState === WebSocket.OPEN && this.#socket.isReady === true;
  }

  #send(id) {
    const { query, variables } = this.#subscriptions.get(id);
    this.#socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
  }

  async #closed(socket, code) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    if (!session.viewer) return;
    this.#failures += 1;
    if (code === BAD_TOKEN) { // run out, or the session is over: the exchange tells
      try {
        await session.renew();
      } catch (error) {
        if (error.status !== 0) return;
      }
    }
    const wait = PATIENCE_MS[Math.min(this.#failures, PATIENCE_MS.length) - 1];
    this.#timer = setTimeout(() => this.#connect(), code === BAD_TOKEN ? 0 : wait);
  }

  /** Lets the connection go; one that is not made yet is closed once it is, because browsers warn of less. */
  #dismiss() {
    const socket = this.#socket;
    this.#socket = null;
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(1000);
    else socket?.close(1000);
  }

  /** The purpose or the language has changed: the connection states both. */
  restart() {
    if (!this.#socket) return;
    this.#dismiss();
    this.#connect();
  }
}

export const live = new Live();
