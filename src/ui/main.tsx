import { render } from 'preact';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/table.css';
import './style/views.css';
import { createConsole } from './console.ts';
import { applyScheme, rememberedScheme } from './scheme.ts';
import { App } from './views/app.tsx';

applyScheme(rememberedScheme());
render(<App console={createConsole()} />, document.getElementById('app')!);
