#!/usr/bin/env node
import { setEngineFlags } from '../src/cli/engine-flags.ts';
import { requireNode } from '../src/cli/require-node.ts';

requireNode();
setEngineFlags({ keepsLeases: false });
const { main } = await import('../src/cli/main.ts');
await main('bootpd');
