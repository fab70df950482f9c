// What the runner gives and takes: inputs, outputs, state for the post step, errors on the job's page.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
'use strict';

const fs = require('node:fs');
const os = require('node:os');

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || '').trim();

const state = (name) => process.env[`STATE_${name}`] || '';

// Appends NAME=VALUE to the file that the runner reads; no value of ours has more than one line.
function note(variable, name, value) {
  if (process.env[variable]) fs.appendFileSync(process.env[variable], `${name}=${value}${os.EOL}`);
}

const setOutput = (name, value) => note('GITHUB_OUTPUT', name, value);

const saveState = (name, value) => note('GITHUB_STATE', name, value);

function problem(message) {
  const escaped = message.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  console.log(`::error title=gameday::${escaped}`);
}

module.exports = { input, state, setOutput, saveState, problem };
