/** What to do about a request that was ignored, by the reason of its event; others leave nothing to do. */
export const IGNORED_FIXES: Readonly<Record<string, string>> = {
  'not-netboot': 'answer everybody (-a, answer: all), or name the machine in hosts',
  'no-boot-file':
    'put a loader for it into the root (pxectl loaders install), or name one: boot.arch, hosts, rules',
  'no-network': 'name its network in networks, with the relay that it comes through',
  'unknown-client': 'name it in hosts with an address, or give strangers a range',
  'unknown-denied': 'name it in hosts, or let strangers in: unknown-clients: allow',
  'no-range': 'look at allow and deny of the ranges, and at the tags of its host or rule',
  'rule-ignores': 'look at the rules: pxectl simulate says which one holds',
  'other-server': 'nothing, when that server is meant to answer it',
  'pool-guarded': 'wait: strangers’ offers end by themselves; a host of its own is never kept waiting',
  'min-secs': 'nothing: it is answered when it has asked for longer (min-secs)',
  'dhcp-off': 'switch DHCP on: mode',
  'bootp-off': 'switch BOOTP on: bootp.enabled',
  'relay-loop': 'correct the relay: it sends our answers back to us',
  'too-many-hops': 'let fewer relays pass it on, or look for a circle of relays',
  'boot-item': 'make the menu and its types agree: boot.menu',
};
