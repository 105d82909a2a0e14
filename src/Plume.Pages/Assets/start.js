// Says when the program does not answer, and loads the page anew when it does again.
const away = document.getElementById("away");
let asking = false;

async function ask() {
  if (asking) return;
  asking = true;
  for (;;) {
    await new Promise(done => setTimeout(done, 1000));
    try {
      const answer = await fetch("ready", { cache: "no-store" });
      if (answer.ok) {
        location.reload();
        return;
      }
      if (answer.status === 401)
        away.textContent = "The program was started anew. Open the address that it printed.";
    } catch {
      // It is still away.
    }
  }
}

Blazor.start({
  circuit: {
    configureSignalR: builder => builder.configureLogging("error"),
    reconnectionHandler: {
      onConnectionDown: () => { away.hidden = false; ask(); },
      onConnectionUp: () => { away.hidden = true; }
    }
  }
});
