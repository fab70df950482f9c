// Runs whatever became of the job: reverts what its drills left in force, and fails where a person must look.
'use strict';

const { spawnSync } = require('node:child_process');
const { problem, state } = require('./runner.js');

function revert() {
  const folder = state('folder');
  if (!folder) return; // nothing was started
  const done = spawnSync(state('command'), ['revert', '--here'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error && done.error.code === 'ENOENT') return; // it was never there, so it played nothing
  if (done.status === 0) return;
  problem('a fault may still be in force: a person must look; the steps are in this log');
  process.exitCode = done.status || 4;
}

revert();
