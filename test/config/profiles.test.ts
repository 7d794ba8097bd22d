// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../src/config/load.ts';

function load(text: string) {
  return loadConfig(`version: 1\n${text}`, { file: 'f', archNames: ['x86PC'] });
}

function problemsOf(text: string): string[] {
  const loaded = load(text);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function profilesOf(text: string) {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.value.profiles;
}

test('loadConfig() reads profiles: one initrd or a list, arguments over lines, menus of names and titles', () => {
  expect(
    profilesOf(`
profiles:
  one: { kernel: /a/./x//vmlinuz, initrd: a/i.gz }
  two:
    kernel: b/vmlinuz
    initrd: [b/i.gz, "b/\${mac-hyp}.cpio"]
    args: |
      quiet   hostname=\${hostname}
      splash
  m: { menu: [one, { profile: local, title: Disk }], timeout: 0 }
`),
  ).toEqual({
    one: { kernel: 'a/x/vmlinuz', initrd: ['a/i.gz'] },
    two: {
      kernel: 'b/vmlinuz',
      initrd: ['b/i.gz', `b/${'$'}{mac-hyp}.cpio`],
      args: `quiet   hostname=${'$'}{hostname} splash`,
    },
    m: { menu: [{ profile: 'one' }, { profile: 'local', title: 'Disk' }], timeout: 0 },
  });
});

test.each<[name: string, text: string, want: string]>([
  [
    'a profile of nothing',
    'profiles:\n  a: { title: A }',
    'f:3: profiles.a: needs one of kernel, loader, local, menu',
  ],
  [
    'a profile of two kinds',
    'profiles:\n  a: { kernel: k, local: true }',
    'f:3: profiles.a: has kernel and local: one of them is enough',
  ],
  [
    'arguments without a kernel',
    'profiles:\n  a:\n    loader: l\n    args: x',
    'f:5: profiles.a.args: is for profiles with a kernel',
  ],
  [
    'a time without a menu',
    'profiles: { a: { local: true, timeout: 5 } }',
    'f:2: profiles.a.timeout: is for',
  ],
  [
    'a menu that is offered once',
    'profiles: { a: { menu: [local], once: until-fetched } }',
    'f:2: profiles.a.once: is for profiles with a kernel or a loader',
  ],
  [
    'a name with blanks',
    'profiles: { "a b": { local: true } }',
    'f:2: profiles.a b: expected up to 32 letters',
  ],
  [
    'names of one spelling',
    'profiles:\n  a: { local: true }\n  A: { local: true }',
    'f:4: profiles.A: differs from a by its case alone',
  ],
  ['another disk', 'profiles: { local: { kernel: k } }', 'f:2: profiles.local: is the machine’s own disk'],
  [
    'another spelling of the disk',
    'profiles: { Local: { local: true } }',
    'f:2: profiles.Local: differs from local',
  ],
  [
    'an unknown value',
    'profiles:\n  a:\n    kernel: k\n    args: x=${hostnam}',
    'f:5: profiles.a.args: no such value: ${hostnam}; did you mean hostname?',
  ],
  [
    'a value of iPXE',
    'profiles: { a: { kernel: k, args: "${net0/mac}" } }',
    'f:2: profiles.a.args: no such value: ${net0/mac}',
  ],
  [
    'an open value',
    'profiles: { a: { kernel: k, args: "x=${ip" } }',
    'f:2: profiles.a.args: has a ${ that is not closed',
  ],
  [
    'a value that is no path',
    'profiles:\n  a:\n    kernel: k\n    initrd:\n      - i\n      - "${mac}.gz"',
    'f:7: profiles.a.initrd[1]: ${mac} cannot stand in a path',
  ],
  [
    'a path with a blank',
    'profiles: { a: { kernel: "a b" } }',
    'f:2: profiles.a.kernel: expected a path below the boot root',
  ],
  [
    'a path out of the root',
    'profiles: { a: { kernel: ../k } }',
    'f:2: profiles.a.kernel: expected a path below the boot root',
  ],
  [
    'a folder',
    'profiles: { a: { loader: efi/ } }',
    'f:2: profiles.a.loader: expected a path below the boot root',
  ],
  [
    'a URL',
    'profiles: { a: { kernel: "http://h/k" } }',
    'f:2: profiles.a.kernel: expected a path below the boot root',
  ],
  [
    'two initrds in one',
    'profiles: { a: { kernel: k, initrd: "a,b" } }',
    'f:2: profiles.a.initrd[0]: expected a path',
  ],
  [
    'an end of a command',
    'profiles: { a: { kernel: k, args: "a || b" } }',
    'f:2: profiles.a.args: must not hold ||, && or ;',
  ],
  [
    'a comment of iPXE',
    'profiles: { a: { local: true, title: "Disk #1" } }',
    'f:2: profiles.a.title: must not hold ||, && or ; by themselves, nor words that begin with #',
  ],
  [
    'a line that goes on',
    'profiles: { a: { kernel: k, args: "a \\\\" } }',
    'f:2: profiles.a.args: must not end with a backslash',
  ],
  [
    'a control character',
    'profiles: { a: { kernel: k, args: "a\\e" } }',
    'f:2: profiles.a.args: must not hold control characters',
  ],
  [
    'a title that is an option',
    'profiles: { a: { local: true, title: "-x" } }',
    'f:2: profiles.a.title: must begin with a letter or a digit',
  ],
  [
    'a title over two lines',
    'profiles: { a: { local: true, title: "a\\nb" } }',
    'f:2: profiles.a.title: must not hold control characters',
  ],
  [
    'a default that is no line',
    'profiles:\n  m:\n    menu: [local]\n    default: lokal',
    'f:5: profiles.m.default: is no line of this menu; did you mean local?',
  ],
  [
    'a line that nobody wrote',
    'profiles:\n  m:\n    menu:\n      - local\n      - a',
    'f:6: profiles.m.menu[1]: no such profile',
  ],
  [
    'a line that is none',
    'profiles: { m: { menu: [5] } }',
    'f:2: profiles.m.menu[0]: expected the name of a profile, or { profile, title }',
  ],
  [
    'a menu in itself',
    'profiles:\n  a: { menu: [b] }\n  b: { menu: [local, a] }',
    'f:3: profiles.a.menu: leads back to itself: a -> b -> a',
  ],
  [
    'a way back',
    'profiles:\n  a: { kernel: k, once: until-fetched, then: b }\n  b: { kernel: k, once: never, then: a }',
    'f:3: profiles.a.then: leads back to itself: a -> b -> a',
  ],
  [
    'a successor that nobody wrote',
    'profiles: { a: { kernel: k, once: never, then: b } }',
    'f:2: profiles.a.then: no such profile',
  ],
  [
    'a successor that never comes',
    'profiles: { a: { kernel: k, then: local } }',
    'f:2: profiles.a.then: never comes',
  ],
  [
    'a word that is not waited for',
    'profiles: { a: { kernel: k, once: until-fetched, done: d } }',
    'f:2: profiles.a.done: is not waited for',
  ],
  [
    'a word of each machine',
    'profiles: { a: { kernel: k, once: until-reported, done: "${ip}" } }',
    'f:2: profiles.a.done: is one file for all machines',
  ],
  ['a default profile that nobody wrote', 'profile: a', 'f:2: profile: no such profile'],
  [
    'a host’s',
    'profiles: { debian: { local: true } }\nhosts:\n  - hostname: a\n    profile: debain',
    'f:5: hosts[0].profile: no such profile; did you mean debian?',
  ],
  [
    'a network’s',
    'networks:\n  - { subnet: 10.0.0.0/24, profile: a }',
    'f:3: networks[0].profile: no such profile',
  ],
  ['a rule’s', 'rules:\n  - then:\n      profile: a', 'f:4: rules[0].then.profile: no such profile'],
  [
    'a template’s',
    'templates:\n  t: { profile: a }\nhosts:\n  - { hostname: h, template: t }',
    'f:3: templates.t.profile: no such profile',
  ],
  ['a name that every object has', 'profile: toString', 'f:2: profile: no such profile'],
  [
    'a rule of a later stage',
    'rules:\n  - match: { stage: [ipxe] }\n    then: { profile: local }',
    'f:3: rules[0].match.stage: is of one stage',
  ],
  [
    'a host by what a loader does not say',
    'hosts:\n  - client-id: 01:52:54\n    profile: local',
    'f:3: hosts[0].client-id: is not known any more when a loader asks',
  ],
  [
    'a rule by what a loader does not say',
    'rules: [{ match: { client-id: 01:52:54 }, then: { profile: local } }]',
    'f:2: rules[0].match.client-id: is not known any more when a loader asks',
  ],
  [
    'a rule by the version of firmware',
    'rules: [{ match: { vendor-class: [PXEClient, "PXEClient:Arch:00000:UNDI:002001"] }, then: { profile: local } }]',
    'f:2: rules[0].match.vendor-class: of a rule with a profile is PXEClient or HTTPClient',
  ],
  [
    'a rule by what iPXE alone says',
    'rules: [{ match: { user-class: lab }, then: { profile: local } }]',
    'f:2: rules[0].match.user-class: is of one stage',
  ],
  ['a mistyped key', 'profiles: { a: { kernel: k, append: x } }', 'f:2: profiles.a.append: no such key'],
])('loadConfig() refuses %s', (_, text, want) => {
  expect(problemsOf(text).map((line) => line.slice(0, want.length))).toContain(want);
});

test('loadConfig() tells a mistake of a template once, not for all that inherit it', () => {
  const text =
    'templates:\n  t: { profile: a }\nhosts:\n  - { hostname: h, template: t }\n  - { hostname: i, template: t }';
  expect(problemsOf(text)).toEqual(['f:3: templates.t.profile: no such profile']);
});

test.each([
  'profile: local',
  'hosts: [{ hostname: a, profile: local }]',
  'rules: [{ match: { stage: [firmware, ipxe] }, then: { profile: local } }]',
  'rules: [{ match: { vendor-class: ["PXEClient:Arch:00007", U-Boot] }, then: { profile: local } }]',
  'hosts: [{ client-id: 01:52:54 }]',
  'templates: { t: { profile: local } }\nnetworks: [{ subnet: 10.0.0.0/24, template: t }]',
  'profiles:\n  a: { kernel: k, once: until-reported, then: b }\n  b: { kernel: k, once: until-fetched }',
  'profiles:\n  a: { kernel: k, once: until-reported, then: m }\n  m: { menu: [local, a] }',
  'profiles: { a: { kernel: k, once: always } }',
])('loadConfig() takes %j', (text) => {
  expect(problemsOf(text)).toEqual([]);
});

test('loadConfig() a host’s own profile goes before its template’s', () => {
  const loaded = load(
    'profiles: { a: { local: true }, b: { local: true } }\ntemplates: { t: { profile: a } }\nhosts:\n  - { hostname: h, template: t }\n  - { hostname: i, template: t, profile: b }',
  );
  expect(loaded.ok && loaded.value.hosts.map(({ profile }) => profile)).toEqual(['a', 'b']);
});

test('loadConfig() never throws, whatever profiles are', () => {
  const leaf = fc.constantFrom(
    'a',
    'b',
    'local',
    1,
    true,
    null,
    '${ip}',
    '${',
    'never',
    'until-fetched',
    'x/',
  );
  const key = fc.constantFrom(
    'kernel',
    'initrd',
    'args',
    'loader',
    'local',
    'menu',
    'once',
    'then',
    'done',
    'default',
  );
  const entry = fc.dictionary(key, fc.oneof(leaf, fc.array(leaf)));
  const all = fc.dictionary(fc.constantFrom('a', 'b', 'local', 'toString', '__proto__'), entry);
  fc.assert(
    fc.property(all, (profiles) => {
      const loaded = load(JSON.stringify({ profiles }).replace(/^\{/, '').replace(/\}$/, ''));
      if (!loaded.ok) for (const problem of loaded.problems) expect(problem.message).not.toBe('');
    }),
  );
});
