// The language of the page and every word of it. Owns the choice between English and Chinese; texts come from the
// `words.js` of each area, labels of fields and values from the server. Must never hold a text of its own.

const STORED = 'dossier.language';
const words = new Map();

export const LANGUAGES = [['en', 'English'], ['zh-CN', '中文']];

let language = initial();

function initial() {
  const stored = localStorage.getItem(STORED);
  if (LANGUAGES.some(([code]) => code === stored)) return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The language in force, as a tag of RFC 5646: `en` or `zh-CN`. */
export const currentLanguage = () => language;

export const isChinese = () => language === 'zh-CN';

/** Changes the language of the page and tells it: every screen draws itself anew on `language-changed`. */
export function setLanguage(code) {
  language = code;
  localStorage.setItem(STORED, code);
  applyLanguage();
  window.dispatchEvent(new Event('language-changed'));
}

export function applyLanguage() {
  document.documentElement.lang = language;
}

/** Adds texts: `{key: [English, Chinese]}`. A key that exists already is a mistake of whoever wrote it. */
export function addWords(texts) {
  for (const [key, pair] of Object.entries(texts)) {
    if (words.has(key) && words.get(key).join() !== pair.join()) throw new Error(`two texts for ${key}`);
    words.set(key, pair);
  }
}

/** The text of `key` with its `{names}` filled in; the key itself where there is none, so that it is noticed. */
export function t(key, values = {}) {
  const pair = words.get(key);
  if (!pair) return key;
  return pair[isChinese() ? 1 : 0].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const hasWord = (key) => words.has(key);

/** Whichever of `labelEn` and `labelZh` is the page's. */
export const labelOf = (labelled) => (isChinese() ? labelled.labelZh : labelled.labelEn);
