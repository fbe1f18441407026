// Which screen a path shows. Owns the address: `/console/AREA/…`. Must never load a record.

const ROOT = '/console/';
const routes = [];
let guard = null; // {mayLeave, path}: see guardLeaving

/** Adds `[{pattern, tag}]`; a pattern is a path under /console/ with `:names`. The first that fits counts. */
export function addRoutes(added) {
  for (const { pattern, tag } of added) {
    if (routes.some((route) => route.pattern === pattern)) continue;
    const names = [];
    const expression = pattern.replace(/:(\w+)/g, (_, name) => { names.push(name); return '([^/]+)'; });
    routes.push({ pattern, tag, names, expression: new RegExp(`^${expression}/?$`) });
  }
}

/** `{tag, parameters}` of the present address; null where no screen has it. */
export function currentRoute() {
  const path = currentPath();
  for (const { tag, names, expression } of routes) {
    const match = expression.exec(path);
    if (match) {
      return { tag, parameters: Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(match[i + 1])])) };
    }
  }
  return null;
}

/** The path under /console/, without the slash at its end. */
export const currentPath = () => location.pathname.slice(ROOT.length).replace(/\/$/, '');

/** What stands behind `?`, as URLSearchParams. */
export const currentQuery = () => new URLSearchParams(location.search);

/** Goes to a path under /console/ (`customers/x?tab=history`), if the screen that is left lets it. */
export function go(path, { replace = false } = {}) {
  leaving(() => {
    history[replace ? 'replaceState' : 'pushState'](null, '', ROOT + path);
    window.dispatchEvent(new Event('navigated'));
  });
}

/**
 * Asks before the present screen is left for another: `mayLeave()` gives true, false or a promise of it. Gives the
 * function that ends it.
 */
export function guardLeaving(mayLeave) {
  const own = { mayLeave, path: location.pathname + location.search };
  guard = own;
  return () => { if (guard === own) guard = null; };
}

async function leaving(proceed) {
  const asked = guard;
  const answer = asked === null || asked.mayLeave();
  if (answer === true || await answer) {
    if (guard === asked) guard = null;
    proceed();
  }
}

/** The browser has gone back already: it is taken forward again while the question stands. */
function wentBack() {
  const target = location.href.slice(location.origin.length);
  if (!guard || new URL(guard.path, location.href).pathname === location.pathname) {
    window.dispatchEvent(new Event('navigated'));
    return;
  }
  history.pushState(null, '', guard.path);
  go(target.slice(ROOT.length));
}

/** Changes what stands behind `?` without another screen or another step back; empty values go. */
export function setQuery(values) {
  const query = currentQuery();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
}

/** Links within the console change the screen, not the page. */
export function followLinks() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(ROOT) || link.target || link.hasAttribute('download')) return;
    event.preventDefault();
    go(url.pathname.slice(ROOT.length) + url.search);
  });
  window.addEventListener('popstate', wentBack);
}
