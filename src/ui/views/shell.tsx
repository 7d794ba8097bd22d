import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useConsole } from '../console.ts';
import { formatWhen } from '../model/format.ts';
import { hashOf, type Place, type View } from '../model/place.ts';
import { Select } from '../parts/field.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { applyScheme, rememberedScheme, type Scheme } from '../scheme.ts';

type Way = { readonly place: Place; readonly icon: IconName; readonly label: string };

const WAYS: readonly Way[] = [
  { place: { view: 'machines' }, icon: 'machines', label: 'Machines' },
  { place: { view: 'profiles' }, icon: 'profiles', label: 'Profiles' },
  { place: { view: 'leases' }, icon: 'leases', label: 'Leases' },
  { place: { view: 'files', folder: '' }, icon: 'files', label: 'Files' },
  { place: { view: 'config' }, icon: 'config', label: 'Configuration' },
  { place: { view: 'traffic' }, icon: 'traffic', label: 'Traffic' },
  { place: { view: 'log' }, icon: 'log', label: 'Log' },
  { place: { view: 'services' }, icon: 'services', label: 'Services' },
];

/** What is around each view. */
export function Shell({ place, children }: { readonly place: Place; readonly children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  const [isOpen, setOpen] = useState(false);
  const address = hashOf(place);
  const shown = useRef(address);
  useEffect(() => {
    if (shown.current === address) return;
    shown.current = address;
    // Whoever chose a view wants to see it, and not the list of views; its heading is read out, and Tab goes on from there.
    setOpen(false);
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [address]);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place; the router has the part behind # */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // `#` is the router's.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <div class="shell">
        <header class="bar">
          <Brand />
          <button type="button" class="btn" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Icon name="menu" />
            Menu
          </button>
        </header>
        <nav class={isOpen ? 'side open' : 'side'} aria-label="Views">
          <Brand />
          <ul class="nav">
            {WAYS.map(({ place: to, icon, label }) => (
              <li key={label}>
                <a href={hashOf(to)} aria-current={isWithin(place.view, to.view) ? 'page' : undefined}>
                  <Icon name={icon} />
                  {label}
                </a>
              </li>
            ))}
          </ul>
          <SideEnds />
        </nav>
        <main class="main" id="main" ref={main} tabIndex={-1}>
          <Lost />
          {children}
        </main>
      </div>
    </>
  );
}

function isWithin(view: View, way: View): boolean {
  return view === way || (view === 'machine' && way === 'machines');
}

function Brand() {
  return (
    <div class="brand">
      <b>pxed</b>
      <span>{location.hostname}</span>
    </div>
  );
}

function SideEnds() {
  const { session, signOut, notices } = useConsole();
  const [scheme, setScheme] = useState<Scheme>(rememberedScheme());
  const user = session.value.state === 'in' ? session.value.user : '';
  return (
    <div class="side-ends">
      <Select
        label="Colours"
        value={scheme}
        of={[
          { value: 'auto', label: 'System colours' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
        onValue={(value) => {
          applyScheme(value);
          setScheme(value);
        }}
      />
      {user === 'console' && (
        <button type="button" class="btn" onClick={() => void signOut().catch(notices.bad)}>
          <Icon name="leave" />
          Sign out
        </button>
      )}
    </div>
  );
}

/** Said when it happens, and when it is over. */
function Lost() {
  const { live } = useConsole();
  const [wasLost, setWasLost] = useState(false);
  const connection = live.connection.value;
  useEffect(() => {
    if (connection === 'lost') setWasLost(true);
    if (connection !== 'open' || !wasLost) return undefined;
    const timer = window.setTimeout(() => setWasLost(false), 4000);
    return () => clearTimeout(timer);
  }, [connection, wasLost]);
  const isLost = wasLost && connection !== 'open';
  return (
    <div role="status">
      {isLost && (
        <p class="lost">
          <Icon name="warn" />
          <span>
            Connection lost, trying again. What you see is from {formatWhen(live.heardAt.peek(), Date.now())}.
          </span>
        </p>
      )}
      {wasLost && !isLost && (
        <p class="lost">
          <Icon name="check" />
          <span>Connected again.</span>
        </p>
      )}
    </div>
  );
}
