// Comfort only: every page works without this file.

// A second press within this time is the same press. After it, a person may try again.
const PATIENCE_MS = 8000;
// Where a file is the answer the page stays, and nobody says when the file has come.
const DOWNLOAD_MS = 1000;

for (const button of document.querySelectorAll('button.show')) {
  const input = document.getElementById(button.getAttribute('aria-controls'));
  const { hide, hideLabel } = button.dataset;
  const words = { text: [hide, hideLabel], password: [button.textContent, button.getAttribute('aria-label')] };
  // The name says what a press does. `aria-pressed` as well would be heard as "hide: on".
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    const [word, label] = words[input.type];
    button.textContent = word;
    button.setAttribute('aria-label', label);
  };
  button.hidden = false;
  button.addEventListener('click', () => show(input.type === 'password'));
  // Browsers remember what stands in text inputs; a password must not be among it.
  input.form.addEventListener('submit', () => show(false));
}

const sending = new WeakMap();

document.addEventListener('submit', (event) => {
  const form = event.target;
  const isDownload = 'download' in form.dataset;
  const patience = isDownload ? DOWNLOAD_MS : PATIENCE_MS;
  if (Date.now() - (sending.get(form) ?? 0) < patience) {
    event.preventDefault();
    return;
  }
  sending.set(form, Date.now());
  // Never `disabled`: the pressed button's own name and value are part of the form.
  if (!isDownload) shownOf(event.submitter)?.setAttribute('aria-disabled', 'true');
  setTimeout(() => release(form), patience);
});

/** Enter may press a button that nobody sees: the one it stands for shows the waiting. */
function shownOf(button) {
  return button?.ariaHidden ? button.form.querySelector(':scope > button:not([aria-hidden])') : button;
}

function release(form) {
  sending.delete(form);
  // A button may stand elsewhere and name its form.
  for (const button of form.elements) button.removeAttribute('aria-disabled');
}

// "Back" may show this page exactly as it was left.
addEventListener('pageshow', () => {
  for (const form of document.forms) release(form);
});

// Older browsers know `autofocus` on inputs only.
if (!('autofocus' in document.body)) document.querySelector('.summary')?.focus();

// The button's own name and value travel with it.
const waiting = document.querySelector('form[data-send]');
waiting?.requestSubmit(waiting.querySelector('button'));
