// Short messages at the edge of the page, read out by screen readers. Owns their place and how long they stay.

const SECONDS = 6;

/** Shows `text`; `tone` is `good`, `bad` or `plain`. Bad ones stay until they are closed. */
export function notice(text, tone = 'plain') {
  const shelf = document.querySelector('.notices');
  if (!shelf || !text) return;
  const line = document.createElement('div');
  line.className = `notice-line ${tone}`;
  line.append(text);
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'icon';
  close.setAttribute('aria-label', '×');
  close.append('×');
  close.addEventListener('click', () => line.remove());
  line.append(close);
  shelf.append(line);
  if (tone !== 'bad') setTimeout(() => line.remove(), SECONDS * 1000);
}
