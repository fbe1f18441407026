// Light, dark, or as the system. Owns the choice; colours are in tokens.css.

const STORED = 'dossier.theme';
export const THEMES = ['system', 'light', 'dark'];

export const currentTheme = () => (THEMES.includes(localStorage.getItem(STORED)) ? localStorage.getItem(STORED) : 'system');

export function setTheme(theme) {
  localStorage.setItem(STORED, theme);
  applyTheme();
}

export function applyTheme() {
  const theme = currentTheme();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
