// The start of the page. Owns the order of things alone.

import './core/words.js';
import { applyLanguage } from './core/language.js';
import { followLinks } from './core/router.js';
import { applyTheme } from './core/theme.js';
import './frame.js';

applyLanguage();
applyTheme();
followLinks();
