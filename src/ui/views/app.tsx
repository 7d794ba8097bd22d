import { useEffect } from 'preact/hooks';
import { type Console, ConsoleContext, useConsole } from '../console.ts';
import { type Place, placeOf } from '../model/place.ts';
import { Icon } from '../parts/icon.tsx';
import { usePlace } from '../parts/use-place.ts';
import { ConfigView } from './config-view.tsx';
import { Door } from './door.tsx';
import { FilesView } from './files-view.tsx';
import { LeasesView } from './leases-view.tsx';
import { LogView } from './log-view.tsx';
import { MachineView } from './machine-view.tsx';
import { MachinesView } from './machines-view.tsx';
import { ProfilesView } from './profiles-view.tsx';
import { ServicesView } from './services-view.tsx';
import { Shell } from './shell.tsx';
import { TrafficView } from './traffic-view.tsx';

/** All of the console, for one page. */
export function App({ console }: { readonly console: Console }) {
  useEffect(() => void console.begin(), [console]);
  return (
    <ConsoleContext.Provider value={console}>
      <Inside />
      <NoticeList />
    </ConsoleContext.Provider>
  );
}

function Inside() {
  const { session } = useConsole();
  const place = usePlace(placeOf);
  if (session.value.state !== 'in') return <Door />;
  return (
    <Shell place={place}>
      <ViewAt place={place} />
    </Shell>
  );
}

function ViewAt({ place }: { readonly place: Place }) {
  switch (place.view) {
    case 'machines':
      return <MachinesView />;
    case 'machine':
      return <MachineView key={place.id} id={place.id} />;
    case 'profiles':
      return <ProfilesView />;
    case 'leases':
      return <LeasesView />;
    case 'files':
      return <FilesView key={place.folder} folder={place.folder} />;
    case 'config':
      return <ConfigView />;
    case 'traffic':
      return <TrafficView />;
    case 'log':
      return <LogView key={place.machine ?? ''} machine={place.machine} />;
    case 'services':
      return <ServicesView />;
  }
}

/** What came of what was done; the region is there before anything is in it, so that it is read out. */
function NoticeList() {
  const { notices } = useConsole();
  return (
    <div class="notices" role="status">
      {notices.all.value.map(({ number, kind, text }) => (
        <div class={`notice ${kind}`} key={number}>
          <Icon name={kind === 'good' ? 'check' : 'warn'} />
          <p>{text}</p>
          <button type="button" class="btn bare small" onClick={() => notices.close(number)}>
            <Icon name="cross" />
            <span class="unseen">Close</span>
          </button>
        </div>
      ))}
    </div>
  );
}
