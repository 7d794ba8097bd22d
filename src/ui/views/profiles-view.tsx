import { useState } from 'preact/hooks';
import type { ConfigView } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { type ProfileRow, profilesOf } from '../model/profiles.ts';
import { Page } from '../parts/page.tsx';
import { Empty, Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';
import { BootDialog } from './boot-dialog.tsx';

/** What machines can be given, and who has what. */
export function ProfilesView() {
  const { api, live, notices } = useConsole();
  const config = useLoad('config', () => api.get<ConfigView>('config'));
  const [chosen, setChosen] = useState<string>();
  const rows = config.data && profilesOf(config.data.effective);
  const countOf = (name: string) => live.machines.all.value.filter(({ profile }) => profile === name).length;
  return (
    <Page title="Profiles">
      {config.problem !== undefined && (
        <Problem error={config.problem} onAgain={() => void config.reload()} />
      )}
      <div class="sheet">
        {!rows && config.problem === undefined && <Loading />}
        {rows && rows.length === 0 && (
          <Empty title="There are no profiles">
            <p>
              A profile says once for every loader what a machine boots. Write one under <code>profiles</code>{' '}
              in the <a href="#/config">configuration</a>; until then loaders find files of the tree, like{' '}
              <code>pxelinux.cfg/default</code>.
            </p>
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <table>
            <caption class="unseen">Profiles and what they boot</caption>
            <thead>
              <tr>
                <th scope="col" class="w-m">
                  Profile
                </th>
                <th scope="col">Boots</th>
                <th scope="col" class="wide w-m">
                  How often
                </th>
                <th scope="col" class="wide w-xs end">
                  Machines
                </th>
                <th scope="col" class="w-act">
                  <span class="unseen">Use it</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row
                  key={row.name}
                  row={row}
                  machines={countOf(row.name)}
                  onUse={() => setChosen(row.name)}
                />
              ))}
              {!rows.some(({ name }) => name === 'local') && (
                <Row
                  row={{ name: 'local', title: 'Local disk', boots: 'its own disk', more: [] }}
                  machines={countOf('local')}
                  onUse={() => setChosen('local')}
                />
              )}
            </tbody>
          </table>
        )}
      </div>
      {chosen !== undefined && (
        <BootDialog profile={chosen} onDone={notices.good} onClose={() => setChosen(undefined)} />
      )}
    </Page>
  );
}

type RowProps = { readonly row: ProfileRow; readonly machines: number; readonly onUse: () => void };

function Row({ row: { name, title, boots, more, once }, machines, onUse }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <b class="one-line" title={name}>
          {name}
        </b>
        {title !== undefined && <span class="second">{title}</span>}
      </th>
      <td class="wraps">
        <code>{boots}</code>
        {more.map((text) => (
          <span class="second mono" key={text} title={text}>
            {text}
          </span>
        ))}
        {once !== undefined && <span class="second narrow">{once}</span>}
      </td>
      <td class="wide">{once ?? <span class="muted">each time</span>}</td>
      <td class="wide end num">{machines === 0 ? '' : machines}</td>
      <td class="end">
        <button type="button" class="btn small" onClick={onUse}>
          Use…<span class="unseen"> {name} for a machine</span>
        </button>
      </td>
    </tr>
  );
}
