// Keeps the table of sample codes fresh; texts are set as text, never as HTML.
"use strict";
(function () {
  const body = document.getElementById("baris-kode");
  function cell(row, build) {
    const td = document.createElement("td");
    build(td);
    row.appendChild(td);
  }
  function draw(staff) {
    const rows = staff.map(function (person) {
      const row = document.createElement("tr");
      cell(row, function (td) {
        const nip = document.createElement("span");
        nip.className = "redup";
        nip.textContent = person.nip;
        td.append(person.name, document.createElement("br"), nip);
      });
      cell(row, function (td) { td.textContent = person.roles.join(", "); });
      cell(row, function (td) {
        const code = document.createElement("code");
        code.textContent = person.code;
        td.appendChild(code);
      });
      cell(row, function (td) { td.textContent = person.seconds_left + " detik"; });
      return row;
    });
    body.replaceChildren.apply(body, rows);
  }
  async function refresh() {
    try {
      const answer = await fetch("/gladi/kode.json", { cache: "no-store" });
      if (answer.ok) draw((await answer.json()).staf);
    } catch (error) { /* the server is away for a moment; the next turn tries again */ }
    setTimeout(refresh, document.hidden ? 5000 : 1000);
  }
  refresh();
})();
