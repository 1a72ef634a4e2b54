/* login - the page /login: an e-mail address, then the code that was sent to it. */

import { createApi } from './api.js';
import { byId, whileBusy } from './dom.js';
import { nextPath } from './links.js';
import { sessionChanged } from './session.js';

const HOME = '/dashboard/inbox';
const api = createApi({ onSignedOut: () => {} });
const emailForm = byId('email-form');
const codeForm = byId('code-form');
const problem = byId('problem');

function report(error) {
  problem.hidden = error === null;
  problem.textContent = error === null ? '' : error.message;
}

function showStep(form) {
  emailForm.hidden = form !== emailForm;
  codeForm.hidden = form !== codeForm;
  byId('sent-to').textContent = emailForm.elements.email.value.trim();
  form.querySelector('input').focus();
}

/* Run one request of a form; true when it worked. */
async function attempt(form, send) {
  const button = form.querySelector('[type="submit"]');
  report(null);
  try {
    await whileBusy(button, send);
    return true;
  } catch (error) {
    report(error);
    return false;
  }
}

function sendCode() {
  return api.post('/v1/auth/send-code', { email: emailForm.elements.email.value.trim() });
}

async function onEmail(event) {
  event.preventDefault();
  if (!(await attempt(emailForm, sendCode))) return;
  codeForm.reset();
  showStep(codeForm);
  byId('news').textContent = 'A code is on its way.';
}

async function onCode(event) {
  event.preventDefault();
  const body = {
    email: emailForm.elements.email.value.trim(),
    code: codeForm.elements.code.value.replace(/\s/g, ''),
  };
  if (await attempt(codeForm, () => api.post('/v1/auth/verify-code', body))) {
    sessionChanged();
    location.replace(nextPath(location.search, HOME));
  } else {
    codeForm.elements.code.select();
  }
}

async function onResend() {
  byId('news').textContent = '';
  if (await attempt(codeForm, sendCode)) byId('news').textContent = 'A new code is on its way.';
}

emailForm.addEventListener('submit', onEmail);
codeForm.addEventListener('submit', onCode);
byId('resend').addEventListener('click', onResend);
byId('other-email').addEventListener('click', () => {
  report(null);
  byId('news').textContent = '';
  showStep(emailForm);
});
codeForm.elements.code.addEventListener('input', ({ target }) => {
  if (/^\s*\d{6}\s*$/.test(target.value)) codeForm.requestSubmit();
});
