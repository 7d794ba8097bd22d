#!/usr/bin/env node
import { setEngineFlags } from '../src/cli/engine-flags.ts';
import { requireNode } from '../src/cli/require-node.ts';

requireNode();
setEngineFlags({ keepsLeases: true });
const { main } = await import('../src/cli/main.ts');
await main('dhcpd');
