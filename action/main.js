// Plays drills: the action's inputs become words of `gameday ci`, whose exit code is the step's.
// A cancelled job sends SIGINT, 7.5 s later SIGTERM, 2.5 s later it kills: `gameday ci` gets the signal at once, and
// what is not reverted by then is left to post.js.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { input, problem, saveState, setOutput } = require('./runner.js');

const USAGE = 2;
const OWN_ERROR = 70;
const OPTIONS = ['fail-under', 'repeat', 'environment', 'responder', 'time-limit'];

// Gives the files that a word names: * stands for any text in the last part of a path.
function files(word, folder) {
  if (!path.basename(word).includes('*')) return [word];
  const parts = path.basename(word).split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  const inside = path.resolve(folder, path.dirname(word));
  const found = fs.existsSync(inside) ? fs.readdirSync(inside).filter((name) => pattern.test(name)).sort() : [];
  if (!found.length) return [word]; // gameday reports that there is no such file
  return found.map((name) => path.join(path.dirname(word), name));
}

function words(folder, artifacts, junit) {
  const scenarios = input('scenarios').split(/\s+/).filter(Boolean).flatMap((word) => files(word, folder));
  const given = OPTIONS.filter((name) => input(name)).flatMap((name) => [`--${name}`, input(name)]);
  const phases = input('phases').split(/\s+/).filter(Boolean).flatMap((word) => ['--phase', word]);
  const baseline = input('baseline');
  if (baseline && fs.existsSync(path.resolve(folder, baseline))) given.push('--baseline', baseline);
  else if (baseline) console.log(`no baseline yet: there is no folder ${baseline}`);
  return ['ci', ...given, ...phases, '--artifacts', artifacts, '--junit', junit, '--', ...scenarios];
}

function play() {
  const folder = path.resolve(input('working-directory') || '.');
  const artifacts = path.resolve(folder, input('artifacts') || '.gameday/ci');
  const junit = input('junit') ? path.resolve(folder, input('junit')) : path.join(artifacts, 'junit.xml');
  const command = input('gameday') || 'gameday';
  saveState('folder', folder);
  saveState('command', command);
  setOutput('artifacts', artifacts);
  setOutput('junit', junit);
  const child = spawn(command, words(folder, artifacts, junit), { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    problem(`${command} can't be started (${error.code}): install it in a step before this one`);
    end(USAGE);
  });
  child.on('exit', (code) => end(code === null ? OWN_ERROR : code));
}

function end(code) {
  setOutput('exit-code', code);
  process.exitCode = code;
}

play();
