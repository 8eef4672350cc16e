// Passkeys: shows the buttons where the browser has them, and carries what an authenticator says to the server.
"use strict";
(() => {
  const HOME = "/.ringwall/account/passkey/";
  const says = document.querySelector("[data-passkey-says]");
  if (!window.PublicKeyCredential) return;
  for (const each of document.querySelectorAll("[data-passkey],[data-passkeys]")) each.hidden = false;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const ask = async (what, body) => {
    const reply = await fetch(HOME + what, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await reply.json();
    if (reply.ok) return answer;
    if (answer.next) location.assign(answer.next);
    throw new Error(answer.error || answer.title || "That did not work.");
  };

  const described = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  const use = async (way, next) => {
    const options = await ask("options", { for: way });
    options.challenge = bytes(options.challenge);
    options.allowCredentials = described(options.allowCredentials);
    const made = await navigator.credentials.get({ publicKey: options });
    const { response } = made;
    const credential = {
      id: made.id, rawId: text(made.rawId), type: made.type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : null,
      },
    };
    return ask("use", { for: way, credential, next });
  };

  const add = async () => {
    const options = await ask("options", { for: "add" });
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    const credential = {
      id: made.id, rawId: text(made.rawId), type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
      },
    };
    const field = document.getElementById("passkey-name");
    return ask("add", { credential, name: field ? field.value : "" });
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.addEventListener("click", async () => {
      const way = button.dataset.passkey;
      button.disabled = true;
      if (says) says.hidden = true;
      try {
        const done = way === "add" ? await add() : await use(way, button.dataset.next);
        location.assign(done.next);
      } catch (failure) {
        if (says) {
          says.textContent = failure.name === "NotAllowedError" ? "No passkey was used." : failure.message;
          says.hidden = false;
        }
      } finally {
        button.disabled = false;
      }
    });
  }
})();
