/* Passkeys: asks the browser for what the page wants to see, and sends it with the page's form.

   The question stands in data-passkey-get or data-passkey-create, the answer goes into the form's
   hidden field. Nothing is decided here: the server verifies every answer.
   Loaded where it stands, before the form's button is there: who is quick is not too early. */
"use strict";

{
  const fromText = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  const known = (credentials = []) => credentials.map((one) => ({ ...one, id: fromText(one.id) }));

  /* Not the browsers' own toJSON and parse...FromJSON: not all that know passkeys have them. */

  async function get({ publicKey }) {
    const credential = await navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: fromText(publicKey.challenge),
        allowCredentials: known(publicKey.allowCredentials),
      },
    });
    const { authenticatorData, clientDataJSON, signature, userHandle } = credential.response;
    return sent(credential, {
      authenticatorData: toText(authenticatorData),
      clientDataJSON: toText(clientDataJSON),
      signature: toText(signature),
      userHandle: userHandle && toText(userHandle),
    });
  }

  async function create({ publicKey }) {
    const credential = await navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: fromText(publicKey.challenge),
        excludeCredentials: known(publicKey.excludeCredentials),
        user: { ...publicKey.user, id: fromText(publicKey.user.id) },
      },
    });
    const { attestationObject, clientDataJSON } = credential.response;
    return sent(credential, {
      attestationObject: toText(attestationObject),
      clientDataJSON: toText(clientDataJSON),
      transports: credential.response.getTransports?.() ?? [],
    });
  }

  const sent = ({ id, rawId, type }, response) => ({ id, rawId: toText(rawId), type, response });

  /* What went wrong, and what to do next ----------------------------------------------------- */

  const NO_PASSKEYS =
    "This browser cannot use passkeys here. Use another browser, or another way to confirm.";
  const WORDS = {
    NotAllowedError:
      "Nothing was confirmed: it was cancelled, took too long, or no passkey of yours was found. " +
      "Press the button to try again, or use another way.",
    InvalidStateError:
      "This phone, computer or key has a passkey of yours already. You can use that one.",
    SecurityError: NO_PASSKEYS,
    NotSupportedError: "This device cannot make a passkey that we accept. Try with another one.",
  };
  WORDS.AbortError = WORDS.NotAllowedError;
  const OTHERWISE = "Your browser could not ask for your passkey. Try again, or use another way.";

  /* The form ---------------------------------------------------------------------------------- */

  function watch(asked, question, ask) {
    const form = asked.closest("form");
    const status = asked.querySelector("[data-passkey-status]");
    const problem = asked.querySelector("[data-passkey-problem]");
    const explain = (words) => {
      problem.querySelector("[data-passkey-words]").textContent = words;
      problem.hidden = !words;
    };
    let asking = false;

    async function answer(event) {
      // The server says what is missing.
      if ([...form.querySelectorAll(".with-toggle input")].some((input) => !input.value)) return;
      event.preventDefault();
      if (asking) return;
      asking = true;
      explain("");
      status.textContent = "Follow what your device asks.";
      try {
        if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
        const credential = await ask(question);
        form.querySelector("[data-passkey-answer]").value = JSON.stringify(credential);
        // Another passkey than the page is about: the form is sent to that one.
        const choice = question.choices?.[credential.id];
        if (choice) {
          const address = new URL(form.action, location.href);
          address.searchParams.set("device", choice);
          form.action = address;
        }
        form.submit();
      } catch (error) {
        asking = false;
        status.textContent = "";
        explain(WORDS[error.name] ?? OTHERWISE);
      }
    }

    form.addEventListener("submit", answer);
    if (!window.PublicKeyCredential) explain(NO_PASSKEYS);
  }

  for (const asked of document.querySelectorAll("[data-passkey-get]"))
    watch(asked, JSON.parse(asked.dataset.passkeyGet), get);
  for (const asked of document.querySelectorAll("[data-passkey-create]"))
    watch(asked, JSON.parse(asked.dataset.passkeyCreate), create);
}
