// A refused form shows its summary of errors first: the focus goes there.

document.querySelector("[data-focus]")?.focus();
