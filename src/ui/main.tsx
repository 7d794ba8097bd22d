import { render } from 'preact';

render(<p>pxed</p>, document.getElementById('app')!);
