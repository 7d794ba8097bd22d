#!/usr/bin/env node
import { requireNode } from '../src/cli/require-node.ts';

requireNode();
const { main } = await import('../src/cli/pxectl.ts');
await main();
