#!/usr/bin/env node
import { requireNode } from '../src/cli/require-node.ts';

requireNode();
const { main } = await import('../src/cli/ptftp.ts');
await main();
